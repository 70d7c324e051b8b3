import { aucInterval, rocAuc } from '@synspine/metrics';
import { benchmarkCell, type ClassifierTraining, describeTraining } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import type { ListedClassifier } from '../training/classifier-list.ts';
import { CELL_COUNT_MIN, POOL_SITES_MIN } from './joint-cells.ts';
import { mergeScores, type Score } from './merge-scores.ts';

const TRAINING: ClassifierTraining = {
  architecture: 'small-cnn',
  imageSize: 32,
  recipe: { name: 'paper', version: 1 },
  steps: 400,
  seeds: [1, 2, 3],
  pretrainedSha256: null,
};
const CLASSIFIER: ListedClassifier = {
  id: '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11',
  trainedOn: 'synthetic:pool',
  imageSize: 32,
  training: describeTraining(TRAINING),
  ...{ generators: 1, seeds: 3, nTraining: 4_000 },
};
const OLDER: ListedClassifier = { id: '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a22' };

const histogram = (scores: readonly number[]) => {
  const bins = new Array<number>(256).fill(0);
  for (const score of scores) bins[Math.min(255, Math.floor(score * 256))]! += 1;
  return bins;
};
function score(
  siteId: string,
  positive: number[],
  negative: number[],
  change: Partial<Score['report']> = {},
): Score {
  const report = {
    trainedOn: 'synthetic:pool',
    seeds: 3,
    holdOutCommitment: 'a'.repeat(64),
    positive: histogram(positive),
    negative: histogram(negative),
    auc: 0.8,
    aucVariance: 0.0025,
    ...change,
  };
  return { siteId, classifierId: CLASSIFIER.id, report };
}
const spread = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => from + ((i * 0.37) % 0.5));
const answers = [
  score('alder', spread(20, 0.4), spread(30, 0.1)),
  score('birch', spread(7, 0.3), spread(9, 0.2), { auc: null, aucVariance: null }),
  score('cedar', spread(25, 0.45), spread(22, 0), { auc: 0.99, aucVariance: 0.001 }),
];
const find = (scores: Score[], testedOn: string) =>
  mergeScores(scores, [CLASSIFIER]).find((cell) => cell.testedOn === testedOn);
const pooled = (scores: Score[]) => find(scores, 'pooled');
const stratified = (scores: Score[]) => find(scores, 'stratified');
const withheld = { auc: null, aucVariance: null };

describe('the merged matrix', () => {
  it('pools the sites’ counts into the AUC that all their films together would give', () => {
    const positives = [...spread(20, 0.4), ...spread(7, 0.3), ...spread(25, 0.45)];
    const negatives = [...spread(30, 0.1), ...spread(9, 0.2), ...spread(22, 0)];
    const binned = [...positives, ...negatives].map((s) => Math.floor(s * 256));
    const labels = [...positives.map(() => 1), ...negatives.map(() => 0)];
    const cell = pooled(answers)!;
    expect(cell.auc).toBeCloseTo(rocAuc(binned, labels), 12);
    expect(cell).toMatchObject({ trainedOn: 'synthetic:pool', nPositive: 52, nNegative: 61, seeds: 3 });
    expect(cell.ciLow).toBeLessThan(cell.auc);
    expect(cell.ciHigh).toBeGreaterThan(cell.auc);
  });

  it('names the classifier behind each cell, so that a withdrawn release can be found in it', () => {
    const cells = mergeScores(answers, [CLASSIFIER, OLDER]);
    expect(cells.map((cell) => benchmarkCell.parse(cell).classifierId)).toEqual(
      cells.map(() => CLASSIFIER.id),
    );
  });

  it('shows a site’s own AUC with its 95 % interval, only where the site approved it', () => {
    const cells = mergeScores(answers, [CLASSIFIER]);
    expect(cells.map((c) => c.testedOn)).toEqual(['stratified', 'pooled', 'alder', 'cedar']);
    const [alder, cedar] = cells.slice(2);
    expect(alder).toMatchObject({ auc: 0.8, nPositive: 20, nNegative: 30 });
    expect(alder!.ciLow).toBeLessThan(0.71);
    expect(alder!.ciHigh).toBeGreaterThan(0.86);
    expect(cedar!.ciHigh).toBeLessThan(1);
    for (const cell of cells) expect(benchmarkCell.parse(cell)).toEqual(cell);
  });

  it(`pools from ${POOL_SITES_MIN} sites on, and not from one fewer`, () => {
    expect(pooled(answers)).toBeDefined();
    expect(pooled(answers.slice(1))).toBeUndefined();
    expect(pooled([answers[0]!, answers[0]!, answers[2]!])).toBeUndefined();
  });

  it(`publishes a pool with ${CELL_COUNT_MIN} films of a class, and not with one fewer; a single site may have fewer`, () => {
    const few = (counts: number[]) =>
      ['alder', 'birch', 'cedar'].map((site, i) =>
        score(site, spread(counts[i]!, 0.4), spread(30, 0.1), { auc: null, aucVariance: null }),
      );
    expect(pooled(few([1, 2, 2]))).toMatchObject({ nPositive: 5 });
    expect(pooled(few([1, 2, 1]))).toBeUndefined();
  });

  it('puts the stratified AUC first: the mean of the sites’ own, by the pairs of films that each can compare', () => {
    const told = answers.map((answer, i) => ({
      ...answer,
      report: { ...answer.report, auc: [0.8, 0.7, 0.9][i]!, aucVariance: 0.003, designEffect: 1.2 },
    }));
    const cell = stratified(told)!;
    const weights = [(20 * 30) / 50, (7 * 9) / 16, (25 * 22) / 47];
    const mean =
      (0.8 * weights[0]! + 0.7 * weights[1]! + 0.9 * weights[2]!) / weights.reduce((a, b) => a + b);
    expect(cell.auc).toBeCloseTo(mean, 12);
    expect(cell).toMatchObject({ nPositive: 52, nNegative: 61, seeds: 3 });
    expect(cell.warnings).toBeUndefined();
    expect(cell.ciLow).toBeLessThan(mean);
    expect(cell.ciHigh).toBeGreaterThan(mean);
    expect(mergeScores(told, [CLASSIFIER])[0]).toEqual(cell);
    expect(stratified(told.slice(1))).toBeUndefined();
  });

  it('keeps the AUC of one or two silent sites out of the mean, which would give it away, and says so', () => {
    const loud = stratified(answers)!; // birch is silent
    const weights = [(20 * 30) / 50, (25 * 22) / 47];
    expect(loud.auc).toBeCloseTo((0.8 * weights[0]! + 0.99 * weights[1]!) / (weights[0]! + weights[1]!), 12);
    expect(loud).toMatchObject({ nPositive: 45, nNegative: 52, warnings: ['sites-left-out'] });
    const silent = answers.map((answer) => ({ ...answer, report: { ...answer.report, ...withheld } }));
    expect(stratified(silent)).toMatchObject({ nPositive: 52, nNegative: 61 }); // three hide one another
    expect(stratified([answers[0]!, ...silent.slice(1)])).toBeUndefined(); // one told: its own cell says it all
  });

  it('warns in the pooled cell when shifted scores pull it away from the stratified AUC, and only then', () => {
    const alike = (siteId: string, shift: number) =>
      score(siteId, spread(60, 0.2 + shift), spread(60, shift), withheld);
    const shifted = ['alder', 'birch', 'cedar'].map((site, i) => alike(site, 0.15 * i));
    expect(pooled(shifted)!.auc).toBeLessThan(stratified(shifted)!.auc - 0.05);
    expect(pooled(shifted)!.warnings).toContain('pooling-differs');
    const level = ['alder', 'birch', 'cedar'].map((site) => alike(site, 0.1));
    expect(pooled(level)!.warnings).not.toContain('pooling-differs');
  });

  it('widens the pooled and the stratified interval by what the films of a patient share', () => {
    const clustered = (designEffect: number) =>
      answers.map((answer) => ({ ...answer, report: { ...answer.report, ...withheld, designEffect } }));
    for (const cellOf of [pooled, stratified]) {
      const [alone, shared] = [cellOf(clustered(1))!, cellOf(clustered(2.25))!];
      expect(shared.auc).toBe(alone.auc);
      const ratio = (shared.ciHigh - shared.ciLow) / (alone.ciHigh - alone.ciLow);
      expect(ratio).toBeGreaterThan(1.3); // √2.25 but for the curve of the variance
      expect(ratio).toBeLessThan(1.6);
    }
  });

  it('says that an interval ignores patients where a site didn’t tell, and reads an older site’s variance', () => {
    expect(pooled(answers)!.warnings).toContain('clustering-ignored'); // birch tells neither
    const older = answers.map((answer) => ({
      ...answer,
      report: { ...answer.report, auc: 0.8, aucVariance: 0.02 },
    }));
    expect(pooled(older)!.warnings ?? []).not.toContain('clustering-ignored');
    const width = ({ ciLow, ciHigh }: { ciLow: number; ciHigh: number }) => ciHigh - ciLow;
    expect(width(pooled(older)!)).toBeGreaterThan(1.3 * width(pooled(answers)!));
  });

  it('gives a site’s cell the interval that the site itself has', () => {
    const labels = [...Array(12).fill(1), ...Array(14).fill(0)];
    const scores = [...spread(12, 0.4), ...spread(14, 0.2)].map((s) => Math.floor(s * 256) / 256);
    const patients = labels.map((_, i) => `p${i >> 1}`);
    const own = aucInterval(scores, labels, patients);
    const told = { auc: own.auc, aucVariance: own.variance, designEffect: own.designEffect };
    const cell = find([score('alder', scores.slice(0, 12), scores.slice(12), told)], 'alder')!;
    expect([cell.ciLow, cell.ciHigh]).toEqual([
      expect.closeTo(own.ciLow, 10),
      expect.closeTo(own.ciHigh, 10),
    ]);
  });

  const local = (training?: ClassifierTraining, siteId = 'alder'): Score => ({
    ...score('alder', [0.9], [0.1], { trainedOn: 'real:alder', training, nTraining: 120 }),
    siteId,
    classifierId: null,
  });
  const realCells = (scores: Score[], classifiers = [CLASSIFIER]) =>
    mergeScores([...answers, ...scores], classifiers).filter((c) => c.trainedOn.startsWith('real:'));

  it('puts real beside synthetic where both were trained alike, at its own site alone, and says of how many films', () => {
    expect(realCells([local(TRAINING), local(TRAINING, 'birch')])).toEqual([
      expect.objectContaining({
        ...{ trainedOn: 'real:alder', testedOn: 'alder', seeds: 3, nTraining: 120 },
        training: CLASSIFIER.training,
      }),
    ]);
  });

  it.each<[string, Partial<ClassifierTraining>]>([
    ['network', { architecture: 'densenet-121' }],
    ['recipe', { recipe: { name: 'default', version: 1 } }],
    ['version of the recipe', { recipe: { name: 'paper', version: 2 } }],
    ['number of steps', { steps: 800 }],
    ['seed', { seeds: [1, 2, 4] }],
    ['image size', { imageSize: 64 }],
    ['start', { pretrainedSha256: 'a'.repeat(64) }],
  ])('shows no real result of another %s', (_, change) => {
    expect(realCells([local({ ...TRAINING, ...change })])).toEqual([]);
  });

  it('takes the result of an agent that doesn’t say how it trained for the default recipe at its release’s size', () => {
    const baseline = { ...TRAINING, recipe: { name: 'default', version: 1 } };
    const pool = { ...CLASSIFIER, training: describeTraining(baseline) };
    const own = { ...pool, id: OLDER.id, trainedOn: 'synthetic:alder' };
    expect(realCells([local()])).toEqual([]);
    expect(realCells([local()], [pool, own]).map((c) => c.training)).toEqual([pool.training]);
    expect(realCells([local()], [pool, { ...own, imageSize: 64 }])).toEqual([]);
  });

  it('takes the newest classifier of a training set that has been scored, and no stranger’s', () => {
    const old = answers.map((a) => ({ ...a, classifierId: OLDER.id, report: { ...a.report, auc: 0.7 } }));
    expect(mergeScores(old, [CLASSIFIER, OLDER]).find((c) => c.testedOn === 'alder')?.auc).toBe(0.7);
    const both = mergeScores([...old, answers[0]!], [CLASSIFIER, OLDER]);
    expect(both.map((c) => [c.testedOn, c.auc])).toEqual([['alder', 0.8]]);
    expect(mergeScores(answers, [OLDER])).toEqual([]);
  });
});
