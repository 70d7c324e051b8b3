import { existsSync, readFileSync } from 'node:fs';
import { initCompute, liveTensors, tf } from '@synspine/compute';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInception, type Inception } from './create-inception.ts';
import { loadInceptionWeights } from './load-weights.ts';
import { type InceptionWeights, pool3 } from './pool3.ts';
import { INPUT_SIZE, resizeToInput } from './resize-to-input.ts';

const VALUES = INPUT_SIZE * INPUT_SIZE * 3;

/** An RGB input in network range from whole numbers, so that any language builds the same: fill(row, column, channel) → byte. */
function rgbInput(fill: (y: number, x: number, channel: number) => number): Float32Array {
  return Float32Array.from({ length: VALUES }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return (fill(Math.floor(pixel / INPUT_SIZE), pixel % INPUT_SIZE, at % 3) % 256) / 128 - 1;
  });
}

function featuresOf(weights: InceptionWeights, input: Float32Array): Float32Array {
  return tf.tidy(
    () => pool3(weights, tf.tensor4d(input, [1, INPUT_SIZE, INPUT_SIZE, 3])).dataSync() as Float32Array,
  );
}

describe('pool3', () => {
  let weights: InceptionWeights;
  beforeAll(() => {
    initCompute();
    weights = loadInceptionWeights();
  });
  afterAll(() => tf.dispose(weights));

  // Computed by this graph once it matched golden features of an independent run of the frozen 2015-12-05 graph to 2e-5.
  const known = [
    {
      name: 'a ramp',
      input: rgbInput((y, x, channel) => x * (channel + 1) + y * (3 - channel)),
      some: [0.129786, 0.030585, 0.186283, 0.040574, 0.010825, 0],
      mean: 0.195409,
    },
    {
      name: 'waves',
      input: rgbInput((y, x, channel) => (x * x + 3 * y * y + channel * 41) >> 4),
      some: [0.110661, 0.371649, 0.273763, 0, 0.148684, 0.130859],
      mean: 0.246387,
    },
  ];

  it.each(known)('gives the known features of $name to 1e-4', ({ input, some, mean }) => {
    const features = featuresOf(weights, input);
    const chosen = [0, 1, 500, 1000, 1500, 2047].map((index) => features[index]!);
    chosen.forEach((value, index) => {
      expect(Math.abs(value - some[index]!)).toBeLessThan(1e-4);
    });
    expect(features.reduce((sum, value) => sum + value, 0) / 2048).toBeCloseTo(mean, 4);
  });

  // The full golden features may lie beside the checkout; the test above always runs.
  const golden = new URL('../../../../../shared/data/inception/golden.json', import.meta.url);
  describe.runIf(existsSync(golden))('the golden features beside the repository', () => {
    it.each(['zeros', 'ramp', 'lcg'])('hold to 1e-4 in all 2048 columns: %s', (name) => {
      const expected: number[] = JSON.parse(readFileSync(golden, 'utf8'))[name];
      const features = featuresOf(weights, goldenInput(name));
      const worst = expected.reduce(
        (far, value, index) => Math.max(far, Math.abs(value - features[index]!)),
        0,
      );
      expect(expected).toHaveLength(2048);
      expect(worst).toBeLessThan(1e-4);
    });
  });
});

function goldenInput(name: string): Float32Array {
  const input = new Float32Array(VALUES);
  let state = 12345;
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < INPUT_SIZE; y++) {
      for (let x = 0; x < INPUT_SIZE; x++) {
        state = (Math.imul(1664525, state) + 1013904223) >>> 0;
        const ramp = [x / 149 - 1, y / 149 - 1, (x + y) / 298 - 1][channel]!;
        const value = name === 'ramp' ? ramp : ((state >>> 24) - 128) / 128;
        input[(y * INPUT_SIZE + x) * 3 + channel] = name === 'zeros' ? 0 : value;
      }
    }
  }
  return input;
}

/** Bilinear between the pixels around target·size/299 (float32), rows and columns alike; past the edge the last pixel counts again. */
function resizedByHand(images: Uint8Array, image: number, height: number, width: number): Float32Array {
  const around = (target: number, size: number) => {
    const source = Math.fround(target * Math.fround(size / INPUT_SIZE));
    const low = Math.floor(source);
    return { low, high: Math.min(low + 1, size - 1), share: source - low };
  };
  return Float32Array.from({ length: INPUT_SIZE ** 2 }, (_, at) => {
    const row = around(Math.floor(at / INPUT_SIZE), height);
    const column = around(at % INPUT_SIZE, width);
    const pixel = (y: number, x: number) => images[(image * height + y) * width + x]!;
    const along = (y: number) =>
      pixel(y, column.low) * (1 - column.share) + pixel(y, column.high) * column.share;
    return (along(row.low) * (1 - row.share) + along(row.high) * row.share - 128) / 128;
  });
}

describe('resizeToInput', () => {
  it.each([
    [32, 32],
    [64, 48],
    [512, 400],
  ])('is bilinear without aligned corners or half pixels, from %i × %i', (height, width) => {
    initCompute();
    const images = Uint8Array.from({ length: 2 * height * width }, (_, at) => (at * at * 7 + at * 31) % 256);
    const resized = tf.tidy(() =>
      resizeToInput(tf.tensor4d(Float32Array.from(images), [2, height, width, 1])).dataSync(),
    );
    const expected = [0, 1].flatMap((image) => [...resizedByHand(images, image, height, width)]);
    expect(resized).toHaveLength(expected.length);
    const worst = expected.reduce((far, value, at) => Math.max(far, Math.abs(value - resized[at]!)), 0);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe('createInception', () => {
  let inception: Inception;
  let before: number;
  beforeAll(() => {
    initCompute();
    before = liveTensors();
    inception = createInception({ batch: 4 });
  });

  const images = Uint8Array.from({ length: 5 * 16 * 16 }, (_, at) => (at * (37 + (at >> 8))) % 256);

  it('gives each image the same features whatever batch it falls in', () => {
    const together = inception.features(images, 5, 16, 16);
    const last = inception.features(images.subarray(4 * 256), 1, 16, 16);
    expect(together).toHaveLength(5 * 2048);
    expect(together.every(Number.isFinite)).toBe(true);
    const tail = together.subarray(4 * 2048);
    expect(Math.max(...tail.map((value, at) => Math.abs(value - last[at]!)))).toBeLessThan(1e-4);
    expect(together.subarray(0, 2048)).not.toEqual(tail);
  });

  it('gives a gray image the features of its three equal channels', () => {
    const weights = loadInceptionWeights();
    const image = images.subarray(0, 256);
    const expected = tf.tidy(() => {
      const gray = resizeToInput(tf.tensor4d(Float32Array.from(image), [1, 16, 16, 1]));
      return pool3(weights, tf.concat([gray, gray, gray], 3)).dataSync();
    });
    tf.dispose(weights);
    const features = inception.features(image, 1, 16, 16);
    expect(Math.max(...features.map((value, at) => Math.abs(value - expected[at]!)))).toBeLessThan(1e-4);
  });

  it('refuses a buffer that isn’t the images it is said to be', () => {
    expect(() => inception.features(images, 4, 16, 16)).toThrow(/1280 bytes aren't 4 gray images of 16 × 16/);
  });

  it('leaves no tensor behind', () => {
    inception.dispose();
    expect(liveTensors()).toBe(before);
  });
});
