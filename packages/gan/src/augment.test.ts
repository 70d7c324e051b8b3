import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { type AugmentSettings, augment } from './augment.ts';
import { presets } from './presets.ts';
import { noAugment } from './test-data.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const everything: AugmentSettings = {
  ...noAugment,
  distribution: 'normal',
  shift: 0.1,
  scaleLog2: 0.2,
  anisotropyLog2: 0.2,
  rotationDegrees: 180,
  brightness: 0.2,
  contrastLog2: 0.5,
  flipX: true,
  quarterTurns: true,
  lumaFlip: true,
};
const seed = () => tf.tensor1d([3, 4], 'int32');

/** A smooth blob off the centre, as [n,side,side,1] in −1..1. */
function blobs(n: number, side: number): tf.Tensor4D {
  const pixel = (at: number) => {
    const [x, y] = [at % side, Math.floor(at / side) % side];
    return Math.exp(-((x - side * 0.4) ** 2 + (y - side * 0.55) ** 2) / (side * 1.5)) * 2 - 1;
  };
  return tf.tensor4d(
    Array.from({ length: n * side * side }, (_, at) => pixel(at)),
    [n, side, side, 1],
  );
}

const run = (s: AugmentSettings, x: tf.Tensor4D, p: number) => augment(s, x, tf.scalar(p), seed());
const largestDifference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

test('strength 0 leaves every image as it is, whatever transforms are allowed', () => {
  const x = blobs(4, 16);
  expect(largestDifference(run(everything, x, 0), x)).toBeLessThan(1e-5);
  expect(
    largestDifference(run({ ...everything, rotationDegrees: 0, quarterTurns: false }, x, 0), x),
  ).toBeLessThan(1e-5);
});

test.each(['uniform', 'normal'] as const)(
  '%s: there are numbers enough for all transforms at once',
  (distribution) => {
    const y = run({ ...everything, distribution }, blobs(4, 16), 0.5);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  },
);

test('each image gets its own transform, and the same seed the same one', () => {
  const x = blobs(2, 16);
  const [a, b] = [run(everything, x, 1), run(everything, x, 1)];
  expect(largestDifference(a, b)).toBe(0);
  const [first, second] = tf.split(a, 2);
  expect(largestDifference(first!, second!)).toBeGreaterThan(0.1);
});

test('about a share p of the images is changed', () => {
  const x = blobs(200, 8);
  const changed = tf
    .max(tf.abs(tf.sub(run({ ...noAugment, brightness: 0.5 }, x, 0.3), x)), [1, 2, 3])
    .dataSync();
  const share = changed.filter((v) => v > 1e-6).length / 200;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.4);
});

test('two matrix products and four gathers warp alike', () => {
  const x = blobs(8, 16);
  const separable = { ...noAugment, shift: 0.1, scaleLog2: 0.3 };
  // A rotation too small to see sends the same draws through the gathering path.
  const gathered = { ...separable, rotationDegrees: 1e-7 };
  const draws = (s: AugmentSettings) => run({ ...s, scaleLog2: 0.3, shift: 0 }, x, 1);
  expect(largestDifference(draws(separable), draws(gathered))).toBeLessThan(1e-4);
});

test('a turn by 90° moves pixels exactly', () => {
  const x = blobs(16, 8);
  const turned = run({ ...noAugment, quarterTurns: true }, x, 1);
  const candidates = [
    x,
    tf.reverse(x, [1, 2]),
    tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 1),
    tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 2),
  ];
  const kinds = Array.from({ length: 16 }, (_, i) =>
    candidates.findIndex((c) => largestDifference(tf.slice(c, [i], [1]), tf.slice(turned, [i], [1])) < 1e-4),
  );
  expect(Math.min(...kinds)).toBeGreaterThanOrEqual(0);
  expect(new Set(kinds).size).toBe(4);
});

test('a shift by whole pixels copies pixels, repeats the edge, and stays within its amount', () => {
  const [n, side] = [64, 32];
  const pixels = Float32Array.from({ length: n * side * side }, (_, i) => ((i * 7919) % 256) / 127.5 - 1);
  const x = tf.tensor4d(pixels, [n, side, side, 1]);
  const y = run({ ...noAugment, shift: 0.1, wholePixelShifts: true }, x, 1).dataSync();
  const at = (i: number, row: number, column: number) => {
    const inside = (place: number) => Math.min(side - 1, Math.max(0, place));
    return pixels[(i * side + inside(row)) * side + inside(column)]!;
  };
  const amounts = [-3, -2, -1, 0, 1, 2, 3];
  const found = Array.from({ length: n }, (_, i) =>
    amounts
      .flatMap((down) => amounts.map((right) => ({ down, right })))
      .find(({ down, right }) =>
        Array.from({ length: side * side }, (_, p) => [Math.floor(p / side), p % side] as const).every(
          ([row, column]) => y[(i * side + row) * side + column] === at(i, row + down, column + right),
        ),
      ),
  );
  expect(found.every(Boolean)).toBe(true);
  expect(new Set(found.map((shift) => shift!.down))).toEqual(new Set(amounts));
  expect(new Set(found.map((shift) => shift!.right))).toEqual(new Set(amounts));
});

test('contrast and brightness act as (x + brightness) · contrast', () => {
  const x = tf.fill([1, 8, 8, 1], 0.5) as tf.Tensor4D;
  const both = run({ ...noAugment, brightness: 0.2, contrastLog2: 0.5 }, x, 1).dataSync()[0]!;
  expect(both).toBeGreaterThan(0.3 * 2 ** -0.5);
  expect(both).toBeLessThan(0.7 * 2 ** 0.5);
  expect(both).not.toBeCloseTo(0.5, 3);
});

test('the warp passes gradients to the image, and a quarter turn passes them unchanged', () => {
  const x = blobs(2, 8);
  const slope = tf.grad((image: tf.Tensor) =>
    tf.sum(run({ ...noAugment, quarterTurns: true }, image as tf.Tensor4D, 1)),
  )(x);
  expect(largestDifference(slope, tf.onesLike(x))).toBeLessThan(1e-5);
});

/** Of each of `n` draws: the turn in degrees, the scale along each axis, and the shift as shares of the side. */
function readPoses(settings: AugmentSettings, n: number) {
  const side = 64;
  const middle = (at: number) => (at - (side - 1) / 2) / side;
  const ramp = (of: (row: number, column: number) => number) =>
    tf.tensor4d(
      Float32Array.from({ length: n * side * side }, (_, i) => of(Math.floor(i / side) % side, i % side)),
      [n, side, side, 1],
    );
  const geometry = { ...settings, brightness: 0, contrastLog2: 0, lumaFlip: false };
  const [across, down] = [ramp((_, column) => middle(column)), ramp((row) => middle(row))].map((images) =>
    run(geometry, images, 1).dataSync(),
  );
  return Array.from({ length: n }, (_, image) => {
    const at = (values: ArrayLike<number>, row: number, column: number) =>
      values[(image * side + row) * side + column]!;
    const slopes = (values: ArrayLike<number>) =>
      [at(values, 32, 34) - at(values, 32, 30), at(values, 34, 32) - at(values, 30, 32)].map(
        (v) => (v / 4) * side,
      );
    const [[a, b], [c, d]] = [slopes(across!), slopes(down!)] as [[number, number], [number, number]];
    const centre = (values: ArrayLike<number>) =>
      [31, 32]
        .flatMap((row) => [at(values, row, 31), at(values, row, 32)])
        .reduce((sum, v) => sum + v / 4, 0);
    const [x, y] = [centre(across!), centre(down!)];
    const mirror = Math.sign(a * d - b * c);
    return {
      degrees: (Math.atan2(c * mirror, a * mirror) * 180) / Math.PI,
      scales: [Math.hypot(a, c), Math.hypot(b, d)],
      shifts: [d * x - b * y, a * y - c * x].map((moved) => moved / (a * d - b * c)),
    };
  });
}

test.each(['small-128', 'clinic-256', 'paper-256', 'paper-256-multi'] as const)(
  '%s moves no film further than 12 % of the side, 12° and a quarter in size, and stretches none',
  (name) => {
    const poses = readPoses(presets[name].augment, 400);
    const largest = (of: (pose: (typeof poses)[number]) => number) => Math.max(...poses.map(of));
    expect(largest(({ degrees }) => Math.min(Math.abs(degrees), 180 - Math.abs(degrees)))).toBeLessThan(12.1);
    expect(largest(({ degrees }) => Math.min(Math.abs(degrees), 180 - Math.abs(degrees)))).toBeGreaterThan(
      11,
    );
    expect(
      largest(({ scales }) => Math.max(...scales.map((scale) => Math.max(scale, 1 / scale)))),
    ).toBeLessThan(1.255);
    expect(largest(({ scales: [x, y] }) => Math.abs(x! / y! - 1))).toBeLessThan(0.01);
    expect(largest(({ shifts }) => Math.max(...shifts.map(Math.abs)))).toBeLessThan(0.121);
  },
);

test('as published, a film may be stretched and turned any way', () => {
  const poses = readPoses(presets['published-256'].augment, 100);
  expect(Math.max(...poses.map(({ scales: [x, y] }) => x! / y!))).toBeGreaterThan(1.3);
});
