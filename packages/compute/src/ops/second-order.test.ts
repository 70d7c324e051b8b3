import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  downsample2,
  initCompute,
  lrelu,
  pixelShuffle,
  sigmoidSafe,
  softplusStable,
  upsample2,
} from '../index.ts';
import type { Op, OpTable } from './gradient-table.fixture.ts';
import * as tables from './gradient-table.fixture.ts';
import { repairGradients } from './repair-gradients.ts';

/** Names of kernels that have a gradient. */
function differentiable(): string[] {
  const constants: unknown[] = Object.values(tf);
  const names = new Set(constants.filter((value) => typeof value === 'string'));
  return [...names].filter((name) => tf.getGradient(name));
}

createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js'); // brings tfjs's gradients along
const tfjsGradients = new Map(differentiable().map((name) => [name, tf.getGradient(name)]));

beforeAll(() => {
  initCompute({ threads: 2 });
});

const shape: [number, number, number, number] = [1, 4, 4, 4];
// Away from 0 and from each other, so that no kink lies within the step of a finite difference.
const point = () =>
  tf.tensor4d(
    Array.from({ length: 64 }, (_, i) => Math.sin(1 + 1.9 * i) + (Math.sin(1 + 1.9 * i) < 0 ? -0.2 : 0.2)),
    shape,
  );

/** sum(op(x)³) */
function loss(op: Op, x: tf.Tensor): tf.Tensor {
  const y = op(x as tf.Tensor4D);
  return tf.sum(tf.mul(tf.square(y), y));
}

/** ‖∇ sum(op(x)³)‖², the shape of a gradient penalty: its own gradient needs the op's second-order gradient. */
function penalty(op: Op, x: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(tf.grad((input) => loss(op, input))(x)));
}

/** Relative error of the tape's directional derivative of f(op, x) by x against a central difference. */
function errorOf(f: (op: Op, x: tf.Tensor) => tf.Tensor, op: Op): number {
  return tf.tidy(() => {
    const x = point();
    const direction = tf.cos(tf.range(0, 64).mul(2.3)).reshape(shape);
    const h = 2e-3;
    const at = (step: number) => f(op, tf.add(x, tf.mul(direction, step))).dataSync()[0]!;
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const tape = tf.sum(tf.mul(tf.grad((input) => f(op, input))(x), direction)).dataSync()[0]!;
    return Math.abs(tape - difference) / Math.max(1, Math.abs(difference));
  });
}

const close = 5e-3;
const far = 3e-2;
const wrongKernels = Object.keys(tables.wrongInTfjs);

/** As it is without repairGradients. */
function withTfjsGradients<T>(run: () => T): T {
  const exchange = (name: string, gradient: tf.GradConfig | undefined) => {
    if (tf.getGradient(name)) tf.unregisterGradient(name);
    if (gradient) tf.registerGradient(gradient);
  };
  for (const name of differentiable()) exchange(name, tfjsGradients.get(name));
  try {
    return run();
  } finally {
    repairGradients();
  }
}

describe.each<[string, OpTable]>([
  ['of tfjs', tables.right],
  ['that tfjs has wrong, and repairGradients right', tables.wrongInTfjs],
  ['that throw in tfjs, and repairGradients provides', tables.throwingInTfjs],
  ['repaired besides', tables.repaired],
  ['of ours', tables.ours],
])('gradients %s, against finite differences', (_, table) => {
  it.each(Object.entries(table))('%s is right the first time', (_name, op) => {
    expect(errorOf(loss, op)).toBeLessThan(close);
  });

  it.each(Object.entries(table))('%s is right the second time', (_name, op) => {
    expect(errorOf(penalty, op)).toBeLessThan(close);
  });
});

describe('gradients that need a repair', () => {
  it.each(Object.entries(tables.wrongInTfjs))('%s is wrong without it', (_, op) => {
    const worst = withTfjsGradients(() => Math.max(errorOf(loss, op), errorOf(penalty, op)));
    expect(worst).toBeGreaterThan(far);
  });

  it.each(Object.entries(tables.throwingInTfjs))('%s throws without it', (_, op) => {
    expect(() => withTfjsGradients(() => errorOf(penalty, op))).toThrow(/gradient|rank/i);
  });
});

describe('gradients that no loss may need', () => {
  it.each(Object.entries(tables.throwingTwice))(
    '%s is right the first time and throws the second',
    (_, op) => {
      expect(errorOf(loss, op)).toBeLessThan(close);
      expect(() => errorOf(penalty, op)).toThrow(/gradient/i);
    },
  );

  it.each(Object.entries(tables.withoutGradient))('%s throws the first time', (_, op) => {
    expect(() => errorOf(loss, op)).toThrow(/gradient/i);
  });

  it.each(Object.entries(tables.wrongTwice))(
    '%s is right the first time and silently wrong the second',
    (_, op) => {
      expect(errorOf(loss, op)).toBeLessThan(close);
      expect(errorOf(penalty, op)).toBeGreaterThan(far);
    },
  );

  it.each(Object.entries(tables.wrongAtOnce))('%s is silently wrong the first time', (_, op) => {
    expect(errorOf(loss, op)).toBeGreaterThan(far);
  });
});

describe('the table', () => {
  it('misses no op of tfjs that has a gradient', async () => {
    const seen = new Set<string>();
    for (const op of Object.values(tables).flatMap((table) => Object.values(table))) {
      const profile = await tf.profile(() => tf.tidy(() => void (op === undefined || once(op))));
      for (const name of profile.kernelNames) seen.add(name);
    }
    const unused = ['BroadcastTo', 'LogSoftmax']; // tfjs's ops of these names run others
    expect(differentiable().filter((name) => !seen.has(name))).toEqual(unused);
  });

  it('names the kernels whose gradients are replaced', () => {
    for (const name of wrongKernels) expect(tf.getGradient(name)).not.toBe(tfjsGradients.get(name));
  });
});

/** The op and, where it has one, its gradient. */
function once(op: Op): tf.Tensor {
  const x = point();
  try {
    return tf.grad((input) => loss(op, input))(x);
  } catch {
    return op(x);
  }
}

describe('the replacements compute what their names say', () => {
  const numbers = (x: tf.Tensor) => Array.from(x.dataSync());

  it('lrelu has slope 0.2 below 0 and 1 above, times its gain', () => {
    expect(numbers(lrelu(tf.tensor1d([-10, 0, 10]), 1))).toEqual([-2, 0, 10]);
    expect(numbers(lrelu(tf.tensor1d([1])))[0]).toBeCloseTo(Math.SQRT2, 6);
  });

  it('softplusStable and sigmoidSafe stay finite and exact far from 0', () => {
    expect(numbers(softplusStable(tf.tensor1d([-200, 0, 200])))).toEqual([0, Math.fround(Math.LN2), 200]);
    expect(numbers(sigmoidSafe(tf.tensor1d([-200, 0, 200])))).toEqual([0, 0.5, 1]);
    expect(numbers(tf.grad((x) => softplusStable(x))(tf.tensor1d([-200, 0, 200])))).toEqual([0, 0.5, 1]);
  });

  it('upsample2 repeats pixels and downsample2 averages them', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    expect(numbers(upsample2(x))).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect(numbers(downsample2(x))).toEqual([2.5]);
    expect(numbers(downsample2(upsample2(x)))).toEqual([1, 2, 3, 4]);
    expect(() => downsample2(tf.zeros([1, 3, 2, 1]))).toThrow(/even height and width/);
  });

  it('pixelShuffle is TensorFlow’s depthToSpace', () => {
    const x = tf.range(0, 32).reshape([1, 2, 2, 8]) as tf.Tensor4D;
    expect(numbers(pixelShuffle(x, 2))).toEqual(numbers(tf.depthToSpace(x, 2)));
    expect(() => pixelShuffle(x, 3)).toThrow(/8 channels/);
  });
});
