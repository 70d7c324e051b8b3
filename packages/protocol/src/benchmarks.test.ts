import { describe, expect, it } from 'vitest';
import { classifierDescriptor, describeTraining, siteLeftOut, trainedOn, trainingOf } from './benchmarks.ts';

const releaseOf = (siteId: string) => ({ siteId, version: 1, manifestSha256: 'a'.repeat(64) });
const descriptor = (change: object = {}) => ({
  schema: 'synspine.classifier/1',
  id: '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11',
  trainedOn: 'synthetic:alder',
  architecture: 'small-cnn',
  imageSize: 32,
  seeds: 3,
  releases: [releaseOf('alder')],
  weightsSha256: 'b'.repeat(64),
  weightsSize: 5_000,
  createdAt: '2026-01-01T00:00:00.000Z',
  ...change,
});
const isTaken = (change: object) => classifierDescriptor.safeParse(descriptor(change)).success;
const training = { recipe: { name: 'paper', version: 2 }, steps: 900, seeds: [4, 5], pretrainedSha256: null };

describe('the name of a training set', () => {
  it('says which site is left out', () => {
    expect(siteLeftOut('synthetic:all-but-st-mary-2')).toBe('st-mary-2');
    expect(siteLeftOut('synthetic:pool')).toBeUndefined();
    expect(trainedOn.safeParse(`synthetic:all-but-${'a'.repeat(32)}`).success).toBe(true);
    expect(trainedOn.safeParse(`real:all-but-${'a'.repeat(32)}`).success).toBe(false);
  });

  it('promises no more than the releases keep', () => {
    const two = [releaseOf('alder'), releaseOf('birch')];
    expect(isTaken({ releases: two })).toBe(false);
    expect(isTaken({ trainedOn: 'synthetic:birch' })).toBe(false);
    expect(isTaken({ trainedOn: 'synthetic:pool', releases: two })).toBe(true);
    expect(isTaken({ trainedOn: 'synthetic:all-but-cedar', releases: two })).toBe(true);
    expect(isTaken({ trainedOn: 'synthetic:all-but-birch', releases: two })).toBe(false);
    expect(isTaken({ releases: [releaseOf('alder'), { ...releaseOf('alder'), version: 2 }] })).toBe(true);
  });
});

describe('a classifier’s training', () => {
  it('is the one of version 0.1.0 where the descriptor says nothing', () => {
    const words = 'small-cnn at 32 px, recipe default 1, 400 steps, seeds 1 2 3';
    expect(describeTraining(trainingOf(classifierDescriptor.parse(descriptor())))).toBe(words);
  });

  it('has other words whenever anything in it is another', () => {
    const whole = trainingOf(classifierDescriptor.parse(descriptor({ seeds: 2, training })));
    const changes = [
      {},
      { architecture: 'densenet-121' as const },
      { imageSize: 64 },
      { recipe: { name: 'paper', version: 1 } },
      { recipe: { name: 'default', version: 2 } },
      { steps: 901 },
      { seeds: [4, 6] },
      { pretrainedSha256: 'c'.repeat(64) },
    ];
    const words = changes.map((change) => describeTraining({ ...whole, ...change }));
    expect(new Set(words).size).toBe(changes.length);
  });

  it('has as many members as generators times seeds', () => {
    expect(isTaken({ training, seeds: 4, generators: 2 })).toBe(true);
    expect(isTaken({ training, seeds: 4 })).toBe(false);
  });
});
