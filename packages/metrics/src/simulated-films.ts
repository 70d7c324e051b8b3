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

/** Films that are each hit or missed: a patient's own share is beta-distributed, so that two of its films correlate by `correlation`. */
export function drawHits(
  of: { patients: number; films: readonly number[]; share: number; correlation: number },
  random: () => number,
): { hits: boolean[]; patients: string[] } {
  const drawn: { hits: boolean[]; patients: string[] } = { hits: [], patients: [] };
  for (let patient = 0; patient < of.patients; patient++) {
    const count = of.films[Math.floor(random() * of.films.length)]!;
    // Pólya's urn: each film agrees with an earlier one of the patient, or is drawn anew.
    const own: boolean[] = [];
    const urn = of.correlation > 0 ? 1 / of.correlation - 1 : Number.POSITIVE_INFINITY;
    for (let film = 0; film < count; film++) {
      const isAnew = urn === Number.POSITIVE_INFINITY || random() < urn / (urn + film);
      own.push(isAnew ? random() < of.share : own[Math.floor(random() * film)]!);
      drawn.patients.push(`p${patient}`);
    }
    drawn.hits.push(...own);
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
