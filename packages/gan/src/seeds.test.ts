import { expect, test } from 'vitest';
import { fillNormals, hash32, pick } from './seeds.ts';

test('normals have mean 0, variance 1 and no correlation between neighbouring images', () => {
  const draw = (index: number) => {
    const out = new Float32Array(20_000);
    fillNormals(out, 7, index);
    return out;
  };
  const [a, b] = [draw(0), draw(1)];
  const mean = (f: (i: number) => number) => a.reduce((sum, _, i) => sum + f(i), 0) / a.length;
  expect(Math.abs(mean((i) => a[i]!))).toBeLessThan(0.03);
  expect(Math.abs(mean((i) => a[i]! ** 2) - 1)).toBeLessThan(0.05);
  expect(Math.abs(mean((i) => a[i]! * b[i]!))).toBeLessThan(0.03);
});

test('the same words give the same number, and order counts', () => {
  expect(hash32(1, 2, 3)).toBe(hash32(1, 2, 3));
  expect(hash32(1, 2, 3)).not.toBe(hash32(1, 3, 2));
});

test('picks are even', () => {
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < 10_000; i++) counts[pick(5, 42, i)]!++;
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
});
