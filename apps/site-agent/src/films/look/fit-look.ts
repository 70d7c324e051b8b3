import { fitDistance } from '@synspine/classifier/film-distance';

/** A film's features, and whose film it is. */
export type LookFilm = { features: Float64Array; patient: string };

/** How many times as far from the films' mean an image lies as films of other patients usually do. */
export type LookOfFilms = (features: Float64Array) => number;

/**
 * Times the usual distance of a film of another patient: from here on an image is not like the films. 2 of 481 real films lay farther (leave one patient out); images of
 * other things began at 5.0 to 5.7, a chest seen from the front at 4.4 on one site of three.
 */
export const FAR = 5;
const FOLDS = 5;
const ROUNDS_MAX = 6;
const CORE = 0.7; // of the films: the most alike begin, so that up to a fifth may show something else
const ODD = 9; // a square of a robust z-score beyond it counts no more: one odd value makes no odd film

/**
 * Learns what films look like without an example of anything else: the Mahalanobis distance of their features from the mean,
 * fitted to the films that are most alike, then to all that are not far from those, until that settles. Films among them that
 * show something else are left out so and don't shift what is usual: the median distance of films whose patients the fit did not know.
 */
export function fitLook(films: readonly LookFilm[]): LookOfFilms {
  let kept = mostAlike(films);
  for (let round = 0; ; round++) {
    const look = fitOnce(kept);
    const next = films.filter(({ features }) => look(features) <= FAR);
    if (round === ROUNDS_MAX || next.length === kept.length || next.length < kept.length / 2) return look;
    kept = next;
  }
}

function fitOnce(films: readonly LookFilm[]): LookOfFilms {
  const distance = fitScaled(films);
  const usual = median(distancesOfOthers(films));
  return (features) => distance(features) / usual;
}

/** Of each film by a fit to the other patients' films. */
function distancesOfOthers(films: readonly LookFilm[]): number[] {
  const patients = [...new Set(films.map(({ patient }) => patient))].sort();
  const foldOf = new Map(patients.map((patient, i) => [patient, i % FOLDS]));
  return Array.from({ length: FOLDS }, (_, fold) => {
    const isIn = ({ patient }: LookFilm) => foldOf.get(patient) === fold;
    const distance = fitScaled(films.filter((film) => !isIn(film)));
    return films.filter(isIn).map(({ features }) => distance(features));
  }).flat();
}

/** Distance of features whose units differ: each is scaled by how much it varies. */
function fitScaled(films: readonly LookFilm[]): (features: Float64Array) => number {
  const rows = films.map(({ features }) => features);
  const scales = rows[0]!.map((_, i) => {
    const mean = rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length;
    return Math.sqrt(rows.reduce((sum, row) => sum + (row[i]! - mean) ** 2, 0) / rows.length) + 1e-6;
  });
  const scale = (row: Float64Array) => row.map((value, i) => value / scales[i]!);
  const distance = fitDistance(rows.map(scale));
  return (features) => distance(scale(features));
}

/** The films whose features lie nearest to the medians, each by itself: a few odd films can't hide behind each other here. */
function mostAlike(films: readonly LookFilm[]): LookFilm[] {
  const width = films[0]!.features.length;
  const oddness = new Float64Array(films.length);
  for (let i = 0; i < width; i++) {
    const middle = median(films.map(({ features }) => features[i]!));
    const away = films.map(({ features }) => Math.abs(features[i]! - middle));
    const usual = 1.48 * median(away) + 1e-6; // a normal distribution's deviation
    for (const [n, distance] of away.entries()) oddness[n]! += Math.min(ODD, (distance / usual) ** 2);
  }
  const ranked = films.map((film, n) => ({ film, odd: oddness[n]! })).sort((a, b) => a.odd - b.odd);
  return ranked.slice(0, Math.ceil(CORE * films.length)).map(({ film }) => film);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
