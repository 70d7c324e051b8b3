import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { presets } from './presets.ts';
import {
  averageWeight,
  countJudged,
  nextAugmentState,
  nextLambda,
  noJudgedSteps,
  scheduledLambda,
  smoothAccuracy,
  updatesBefore,
} from './schedule.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const adaptive = {
  mode: 'adaptive',
  target: 0.6,
  intervalSteps: 4,
  imagesToFullStrength: 1000,
  pMax: 0.8,
} as const;

function adapt(state: [number, number], realSign: number, due: 0 | 1): number[] {
  const next = nextAugmentState(adaptive, 10, tf.tensor1d(state), tf.scalar(realSign), tf.scalar(due));
  return [...next.dataSync()];
}

test('p rises by batch·4 / ramp when reals are told apart too well, and falls when not', () => {
  expect(adapt([0.4, 1.8], 0.61, 1)[0]).toBeCloseTo(0.44, 6); // mean .6025
  expect(adapt([0.4, 1.8], 0.59, 1)[0]).toBeCloseTo(0.36, 6); // mean .5975
});

test('p stays, and signs add up, while it is not due', () => {
  const [p, sum] = adapt([0.4, 1.8], 0.5, 0);
  expect([p, sum]).toEqual([expect.closeTo(0.4, 6), expect.closeTo(2.3, 6)]);
});

test('p never leaves 0 to .8', () => {
  expect(adapt([0.79, 3], 1, 1)[0]).toBeCloseTo(0.8, 6);
  expect(adapt([0.01, -3], -1, 1)[0]).toBe(0);
});

test('a fixed strength ignores the signs', () => {
  const state = tf.tensor1d([0.5, 0]);
  const next = nextAugmentState({ mode: 'fixed', p: 0.5 }, 10, state, tf.scalar(1), tf.scalar(1));
  expect([...next.dataSync()]).toEqual([0.5, 0]);
});

test('the averaged generator forgets its start at first and then keeps its half-life', () => {
  const preset = { ...presets['demo-32'], batch: 16, ema: { halfLifeImages: 500, ramp: 0.05 } };
  expect(averageWeight(preset, 0)).toBe(0);
  expect(averageWeight(preset, 1000)).toBeCloseTo(0.5 ** (16 / 50), 12);
  expect(averageWeight(preset, 1e6)).toBeCloseTo(0.5 ** (16 / 500), 12);
});

test('lambda is 0 before its start, and full after its ramp, in shares of the run', () => {
  const judge = { lambda: 0.1, startShare: 0.1, rampShare: 0.1 };
  expect(scheduledLambda(judge, 0.1, 0.099)).toBe(0);
  expect(scheduledLambda(judge, 0.1, 0.15)).toBeCloseTo(0.05, 12);
  expect(scheduledLambda(judge, 0.1, 1)).toBe(0.1);
  expect(scheduledLambda({ ...judge, rampShare: 0 }, 0.1, 0.1)).toBe(0.1);
});

test('steps count as judged above 0 alone, and as held below the schedule', () => {
  const steps: [number, number][] = [
    [0, 0],
    [0.02, 0.02],
    [0.02, 0.05],
    [0.1, 0.1],
  ];
  const judged = steps.reduce((so, [lambda, scheduled]) => countJudged(so, lambda, scheduled), noJudgedSteps);
  expect(judged).toEqual({ applied: 3, held: 1, lambdaSum: expect.closeTo(0.14, 12) });
});

test('lambda stops rising as soon as the judge is surer of fakes than of held-out films', () => {
  expect(nextLambda(0.03, 0.05, 0.8, 0.8)).toBe(0.05);
  expect(nextLambda(0.03, 0.05, 0.81, 0.8)).toBe(0.03);
});

test('R1 updates at steps 0, 16, 32 count as updates of the discriminator', () => {
  expect([0, 1, 16, 17].map((step) => updatesBefore(step, 16))).toEqual([0, 2, 17, 19]);
  expect(updatesBefore(17, null)).toBe(17);
});

test('one lucky batch does not decide about the judge', () => {
  expect(smoothAccuracy(null, 0.75)).toBe(0.75);
  expect(smoothAccuracy(0.75, 1)).toBeCloseTo(0.8, 12);
});
