import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { expectBelow, firstOrderErrors, secondOrderErrors, wave } from './gradient-check.fixture.ts';
import {
  confidentSign,
  discriminatorLoss,
  generatorLoss,
  gradientPenalty,
  labelCrossEntropy,
  pathLengthPenalty,
} from './losses.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const value = (x: tf.Tensor) => x.dataSync()[0]!;

test('an undecided discriminator loses 2 log 2, and the generator log 2', () => {
  const zero = tf.tensor1d([0, 0]);
  expect(value(discriminatorLoss('logistic', zero, zero))).toBeCloseTo(2 * Math.log(2), 6);
  expect(value(generatorLoss(zero, null))).toBeCloseTo(Math.log(2), 6);
});

const softplus = (x: number) => Math.log1p(Math.exp(x));

test('the relativistic losses are softplus of the differences within pairs', () => {
  const [fake, real] = [tf.tensor1d([1, -2]), tf.tensor1d([3, 0.5])]; // differences −2 and −2.5
  expect(value(discriminatorLoss('relativistic', fake, real))).toBeCloseTo(
    (softplus(-2) + softplus(-2.5)) / 2,
    6,
  );
  expect(value(generatorLoss(fake, real))).toBeCloseTo((softplus(2) + softplus(2.5)) / 2, 6);
});

test('the relativistic losses do not see a shift of all logits, the logistic ones do', () => {
  const [fake, real] = [tf.tensor1d([1, -2]), tf.tensor1d([3, 0.5])];
  const moved = (kind: 'logistic' | 'relativistic', by: number) =>
    value(discriminatorLoss(kind, tf.add(fake, by), tf.add(real, by)));
  expect(moved('relativistic', 4)).toBeCloseTo(moved('relativistic', 0), 5);
  expect(moved('logistic', 4)).not.toBeCloseTo(moved('logistic', 0), 1);
});

test('what drives augmentation is the sign of the reals, or of their lead over their fakes', () => {
  const [fake, real] = [tf.tensor1d([2, 5, -1, 0]), tf.tensor1d([1, 6, 3, 1])];
  expect(value(confidentSign('logistic', fake, real))).toBe(1);
  expect(value(confidentSign('relativistic', fake, real))).toBe(0.5);
});

test.each(['logistic', 'relativistic'] as const)(
  '%s: both losses have the gradients of finite differences',
  (kind) => {
    const args = { fake: wave([4], 1), real: wave([4], 2) };
    type Logits = { fake: tf.Tensor1D; real: tf.Tensor1D };
    for (const of of [
      ({ fake, real }: Logits) => discriminatorLoss(kind, fake, real),
      ({ fake, real }: Logits) =>
        tf.add(generatorLoss(fake, kind === 'relativistic' ? real : null), tf.mean(real)),
    ]) {
      const op = (a: Record<string, tf.Tensor>) => of(a as Logits);
      expectBelow(firstOrderErrors(op, args), 1e-3);
      expectBelow(secondOrderErrors(op, args), 3e-3);
    }
  },
);

test('losses stay finite for logits of any size', () => {
  const far = tf.tensor1d([1000, -1000]);
  expect(value(discriminatorLoss('logistic', far, far))).toBeCloseTo(1000, 3);
  const opposite = tf.neg(far) as tf.Tensor1D;
  expect(value(discriminatorLoss('relativistic', far, opposite))).toBeCloseTo(1000, 3);
  expect(value(generatorLoss(far, null))).toBeCloseTo(500, 3);
  expect(value(labelCrossEntropy(tf.tensor2d([[1000, -1000]]), tf.tensor2d([[0, 1]])))).toBeCloseTo(2000, 2);
});

test('the judge is rewarded for the right label whichever it is: both terms of the cross-entropy have the right sign', () => {
  const sure = tf.tensor2d([
    [4, 0],
    [0, 4],
  ]);
  const right = tf.tensor2d([
    [1, 0],
    [0, 1],
  ]);
  const wrong = tf.reverse(right, 1);
  const low = Math.log(1 + Math.exp(-4));
  expect(value(labelCrossEntropy(sure, right))).toBeCloseTo(low, 6);
  expect(value(labelCrossEntropy(sure, wrong))).toBeCloseTo(low + 4, 5);
});

test('a gradient penalty is half gamma times the mean squared gradient norm', () => {
  const gradient = tf.tensor4d([1, 2, 0, 2, 4, 0, 0, 0], [2, 2, 2, 1]); // norms² 9 and 16
  expect(value(gradientPenalty(gradient, 0.8))).toBeCloseTo(0.4 * 12.5, 5);
});

test('the path length penalty is measured against the moved running mean', () => {
  const { penalty, nextMean } = pathLengthPenalty(tf.tensor1d([1, 3]), tf.scalar(1), 0.5);
  expect(value(nextMean)).toBeCloseTo(1.5, 6);
  expect(value(penalty)).toBeCloseTo((0.25 + 2.25) / 2, 6);
});
