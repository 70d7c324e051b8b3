import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import {
  discriminatorLoss,
  generatorLoss,
  labelCrossEntropy,
  pathLengthPenalty,
  r1Penalty,
} from './losses.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const value = (x: tf.Tensor) => x.dataSync()[0]!;

test('an undecided discriminator loses 2 log 2, and the generator log 2', () => {
  const zero = tf.tensor1d([0, 0]);
  expect(value(discriminatorLoss(zero, zero))).toBeCloseTo(2 * Math.log(2), 6);
  expect(value(generatorLoss(zero))).toBeCloseTo(Math.log(2), 6);
});

test('losses stay finite for logits of any size', () => {
  const far = tf.tensor1d([1000, -1000]);
  expect(value(discriminatorLoss(far, far))).toBeCloseTo(1000, 3);
  expect(value(generatorLoss(far))).toBeCloseTo(500, 3);
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

test('R1 is half gamma times the mean squared gradient norm', () => {
  const gradient = tf.tensor4d([1, 2, 0, 2, 4, 0, 0, 0], [2, 2, 2, 1]); // norms² 9 and 16
  expect(value(r1Penalty(gradient, 0.8))).toBeCloseTo(0.4 * 12.5, 5);
});

test('the path length penalty is measured against the moved running mean', () => {
  const { penalty, nextMean } = pathLengthPenalty(tf.tensor1d([1, 3]), tf.scalar(1), 0.5);
  expect(value(nextMean)).toBeCloseTo(1.5, 6);
  expect(value(penalty)).toBeCloseTo((0.25 + 2.25) / 2, 6);
});
