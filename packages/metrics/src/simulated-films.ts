import { seededNormal } from '@synspine/compute';
import { normalQuantile } from './normal-distribution.ts';
import { wilsonInterval } from './wilson-interval.ts';

/** A population to draw test films from. */
export type FilmPopulation = {
  patientsPositive: number;
  patientsNegative: number;
  /** Of two films of different patients. */
  auc: number;
  /** 1 to as many films a patient, each count as likely; 1 by default. */
  filmsMax?: number;
  /** Correlation of two films of one patient; .5 by default. */
  correlation?: number;
  /** Share of patients whose films are each positive or negative by chance; 0 by default. */
  mixed?: number;
  /** Scores are rounded down to this many steps a standard deviation, which ties them; not at all by default. */
  steps?: number;
};

export type DrawnFilms = { scores: number[]; labels: number[]; patients: string[] };

/** Films with normal scores (equal variances), so that the true AUC is known. For simulations of coverage. */
export function drawFilms(population: FilmPopulation, random: () => number): DrawnFilms {
  const { patientsPositive, patientsNegative, auc, filmsMax = 1, correlation = 0.5, mixed = 0 } = population;
  const shift = Math.SQRT2 * normalQuantile(auc);
  const drawn: DrawnFilms = { scores: [], labels: [], patients: [] };
  for (let patient = 0; patient < patientsPositive + patientsNegative; patient++) {
    const own = Math.sqrt(correlation) * seededNormal(random);
    const isMixed = random() < mixed;
    const films = 1 + Math.floor(random() * filmsMax);
    for (let film = 0; film < films; film++) {
      const label = isMixed ? Math.round(random()) : Number(patient < patientsPositive);
      const score = own + Math.sqrt(1 - correlation) * seededNormal(random) + shift * label;
      drawn.scores.push(population.steps ? Math.floor(score * population.steps) : score);
      drawn.labels.push(label);
      drawn.patients.push(`p${patient}`);
    }
  }
  return drawn;
}

/** How often intervals held the truth, with the 99.9 % interval of that share: `n` says how sure it is. */
export type Coverage = { share: number; low: number; high: number; n: number };

/** Coverage over `n` draws of an interval. */
export function coverageOf(
  n: number,
  truth: number,
  drawInterval: () => { ciLow: number; ciHigh: number },
): Coverage {
  let held = 0;
  for (let draw = 0; draw < n; draw++) {
    const { ciLow, ciHigh } = drawInterval();
    if (ciLow <= truth && truth <= ciHigh) held++;
  }
  const { ciLow, ciHigh } = wilsonInterval(held, n, 0.999);
  return { share: held / n, low: ciLow, high: ciHigh, n };
}
