import { initCompute } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { createPool, drawBalanced, requireEveryClass, toBytes, toTensors } from './batches.ts';
import { GanError } from './errors.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const pool = createPool(
  {
    images: Uint8Array.from({ length: 12 * 4 }, (_, i) => i),
    labels: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
  },
  2,
  2,
);

test('a rare class fills its half of every batch', () => {
  for (let step = 0; step < 20; step++) {
    const drawn = drawBalanced(pool, 8, 1, step);
    expect(drawn.filter((i) => i === 11)).toHaveLength(4);
  }
});

test('a batch depends on seed and step alone', () => {
  expect(drawBalanced(pool, 8, 1, 5)).toEqual(drawBalanced(pool, 8, 1, 5));
  expect(drawBalanced(pool, 8, 1, 5)).not.toEqual(drawBalanced(pool, 8, 1, 6));
});

test('bytes survive the way to −1..1 and back, and values outside are clipped', () => {
  const { images } = toTensors(pool, [3, 11]);
  expect([...toBytes(images.dataSync())]).toEqual([12, 13, 14, 15, 44, 45, 46, 47]);
  expect([...toBytes([-3, -1, 1, 3])]).toEqual([0, 0, 255, 255]);
});

test('images of another size and labels without a name are refused', () => {
  const bad = (images: number, label: number) => () =>
    createPool({ images: new Uint8Array(images), labels: Uint8Array.of(label) }, 2, 2);
  expect(bad(4, 1)).not.toThrow();
  expect(bad(5, 1)).toThrow(GanError);
  expect(bad(4, 2)).toThrow(GanError);
});

test('a class without images is named', () => {
  const half = createPool({ images: new Uint8Array(4), labels: Uint8Array.of(0) }, 2, 2);
  expect(() => requireEveryClass(half, ['normal', 'abnormal'])).toThrow(/abnormal/);
});
