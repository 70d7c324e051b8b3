import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { type AugmentSettings, augment } from './augment.ts';
import { expectBelow, firstOrderErrors, type Op, secondOrderErrors, wave } from './gradient-check.fixture.ts';
import { noAugment } from './test-data.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const separable: AugmentSettings = { ...noAugment, shift: 0.15, scaleLog2: 0.4, anisotropyLog2: 0.3 };
const gathered: AugmentSettings = { ...separable, rotationDegrees: 60 };
const recolored: AugmentSettings = { ...noAugment, brightness: 0.3, contrastLog2: 0.5, lumaFlip: true };
const everything: AugmentSettings = {
  ...gathered,
  ...recolored,
  ...{ shift: 0.15, scaleLog2: 0.4, anisotropyLog2: 0.3, rotationDegrees: 180 },
  distribution: 'normal',
  flipX: true,
  quarterTurns: true,
};
const [count, side] = [4, 8];
const run = (s: AugmentSettings, images: tf.Tensor, p = 1) =>
  augment(s, images as tf.Tensor4D, tf.scalar(p), tf.tensor1d([3, 4], 'int32'));

const cases: [string, AugmentSettings, number][] = [
  ['the warp by matrix products', separable, 1],
  ['the warp by gathers', gathered, 1],
  ['mirroring', { ...noAugment, flipX: true }, 1],
  ['quarter turns', { ...noAugment, quarterTurns: true }, 1],
  ['recolouring', recolored, 1],
  ['everything', everything, 1],
  ['everything, half of the time', everything, 0.5],
  ['everything, never', everything, 0],
];

test.each(cases)('%s: gradients of both orders are those of finite differences', (_, settings, p) => {
  const op: Op = ({ x }) => run(settings, x!, p);
  const args = { x: wave([count, side, side, 1], 1) };
  expectBelow(firstOrderErrors(op, args), 1e-3);
  expectBelow(secondOrderErrors(op, args), 1e-3);
});

/** Images whose pixels are their own column (or row), which a warp turns into the places it samples from. [n·side·side] */
function sampledPlaces(s: AugmentSettings, axis: 1 | 2): number[] {
  const shape = axis === 1 ? [1, side, 1, 1] : [1, 1, side, 1];
  const ramp = tf.mul(tf.reshape(tf.range(0, side, 1), shape), tf.ones([count, side, side, 1]));
  return [...run(s, ramp).dataSync()];
}

/** Bilinear interpolation of image n, written down from its definition. */
function sample(pixels: Float32Array, n: number, x: number, y: number): number {
  const [x0, y0] = [Math.min(Math.floor(x), side - 2), Math.min(Math.floor(y), side - 2)];
  const [fx, fy] = [x - x0, y - y0];
  const at = (row: number, column: number) => pixels[(n * side + row) * side + column]!;
  const upper = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx;
  return upper * (1 - fy) + (at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx) * fy;
}

test.each(cases.filter(([, s]) => s.brightness === 0))(
  '%s: each pixel is sampled bilinearly',
  (_, settings) => {
    const images = wave([count, side, side, 1], 2);
    const pixels = images.dataSync() as Float32Array;
    const [y, x] = [sampledPlaces(settings, 1), sampledPlaces(settings, 2)];
    const warped = run(settings, images).dataSync();
    for (const [i, value] of warped.entries())
      expect(value).toBeCloseTo(sample(pixels, Math.floor(i / side ** 2), x[i]!, y[i]!), 3);
  },
);

test('the places sampled are those of an affine map about the centre, clamped to the image', () => {
  const turn = { ...noAugment, rotationDegrees: 20 }; // small enough to leave the middle inside
  const [y, x] = [sampledPlaces(turn, 1), sampledPlaces(turn, 2)];
  for (let n = 0; n < count; n++) {
    const at = (places: number[], row: number, column: number) => places[(n * side + row) * side + column]!;
    const right = [at(x, 3, 4) - at(x, 3, 3), at(y, 3, 4) - at(y, 3, 3)] as const;
    const down = [at(x, 4, 3) - at(x, 3, 3), at(y, 4, 3) - at(y, 3, 3)] as const;
    expect(Math.hypot(...right)).toBeCloseTo(1, 4); // a turn keeps lengths, and the right angle between rows and columns
    expect(right[0]).toBeCloseTo(down[1], 4);
    expect(right[1]).toBeCloseTo(-down[0], 4);
    expect(at(x, 3, 3) + at(x, 4, 4)).toBeCloseTo(side - 1, 4); // the centre stays
    expect(at(y, 3, 3) + at(y, 4, 4)).toBeCloseTo(side - 1, 4);
  }
  expect(Math.min(...x, ...y)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...x, ...y)).toBeLessThanOrEqual(side - 1);
});
