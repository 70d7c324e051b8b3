import { seededRandom } from '@synspine/compute';
import { assertGroups, drawGroups, rowsByGroup } from './groups.ts';
import { MetricError } from './metric-error.ts';
import { type MetricInterval, percentileInterval } from './metric-interval.ts';

/** Scores of n films by networks that differ in their seeds: [generators][classifiers of each] → n scores, higher = positive. */
export type SeededScores = readonly (readonly ArrayLike<number>[])[];

/** The n films: 1 or true for positives, and the patient of each. */
export type TestFilms = { labels: ArrayLike<number | boolean>; patients: readonly string[] };

type DrawOptions = { seed: number; repeats?: number };

/**
 * Mean AUC over all networks, with a 95 % percentile interval by a bootstrap (Efron 1979) of both patients and seeds: each of the
 * 2,000 repeats draws whole patients, then generators, then classifiers of each drawn generator. So it covers another hospital's worth of
 * patients and another training; with one seed a level, that level's spread isn't in it. Three seeds show a spread, but too small a one
 * (by √(2/3) in expectation). Throws a MetricError on shapes, missing classes or fewer than two patients.
 */
export function seededAuc(scores: SeededScores, test: TestFilms, options: DrawOptions): MetricInterval {
  const [draws] = drawMeans([scores], test, options);
  return percentileInterval(meanAuc([scores], test)[0]!, draws!);
}

/** `seededAuc` of `scores` less that of `baseline`, paired: each repeat scores both on the same drawn patients. */
export function seededAucDifference(
  scores: SeededScores,
  baseline: SeededScores,
  test: TestFilms,
  options: DrawOptions,
): MetricInterval {
  const sides = [scores, baseline];
  const [a, b] = meanAuc(sides, test) as [number, number];
  const [drawsA, drawsB] = drawMeans(sides, test, options) as [Float64Array, Float64Array];
  return percentileInterval(
    a - b,
    drawsA.map((value, repeat) => value - drawsB[repeat]!),
  );
}

type Weigh = (weights: ArrayLike<number>) => number;

function meanAuc(sides: readonly SeededScores[], { labels }: TestFilms): number[] {
  const once = new Uint8Array(labels.length).fill(1);
  return sides.map((side) => mean(side.flat().map((scores) => weightedAuc(scores, labels)(once))));
}

/** Mean AUC of each side in each repeat; repeats that drew one class only are left out. */
function drawMeans(sides: readonly SeededScores[], test: TestFilms, options: DrawOptions): Float64Array[] {
  const { labels, patients } = test;
  assertGroups(patients, labels.length);
  const [random, groups] = [seededRandom(options.seed), rowsByGroup(patients)];
  const networks = sides.map((side) => side.map((ofOne) => ofOne.map((s) => weightedAuc(s, labels))));
  const repeats = Array.from({ length: options.repeats ?? 2_000 }, () => {
    const weights = drawGroups(groups, labels.length, random);
    return networks.map((side) => mean(drawNetworks(side, random).map((auc) => auc(weights))));
  }).filter((values) => values.every(Number.isFinite));
  return sides.map((_, side) => Float64Array.from(repeats, (values) => values[side]!));
}

function drawNetworks(side: readonly (readonly Weigh[])[], random: () => number): Weigh[] {
  return redraw(side, random).flatMap((ofOne) => redraw(ofOne, random));
}

/** As many items, drawn with replacement. */
function redraw<T>(items: readonly T[], random: () => number): T[] {
  return items.map(() => items[Math.floor(random() * items.length)]!);
}

/** P(positive > negative) + ½·P(equal) when film i counts `weights[i]` times, from an order that is sorted once. NaN without both classes. */
function weightedAuc(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): Weigh {
  assertScores(scores, labels);
  const order = Array.from(labels, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!);
  return (weights) => {
    let [below, pairs, positives] = [0, 0, 0]; // negatives with a lower score; pairs in the right order; positives
    for (let start = 0; start < order.length; ) {
      let [tiedNegative, tiedPositive, end] = [0, 0, start];
      for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
        if (Number(labels[order[end]!])) tiedPositive += weights[order[end]!]!;
        else tiedNegative += weights[order[end]!]!;
      }
      pairs += tiedPositive * (below + tiedNegative / 2);
      below += tiedNegative;
      positives += tiedPositive;
      start = end;
    }
    return pairs / (positives * below);
  };
}

function assertScores(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): void {
  if (scores.length !== labels.length) {
    throw new MetricError(
      'shape-mismatch',
      `${scores.length} scores for ${labels.length} labels; pass one each.`,
    );
  }
  if (!Array.from(scores).every(Number.isFinite))
    throw new MetricError('not-finite', 'A score is NaN or infinite; check the classifier.');
  const positives = Array.from(labels).filter(Number).length;
  if (positives === 0 || positives === labels.length)
    throw new MetricError('too-few-samples', 'An AUC needs images of both classes.');
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
