import { expect, it } from 'vitest';
import { scalesOf } from './training-curve.tsx';

const points = [
  { imagesShown: 1_000, fid: 300, kid: -0.01, precision: 0.1, recall: 0 },
  { imagesShown: 4_000, fid: 150, kid: 0.04, precision: 0.5, recall: 0.2 },
];

it('draws more images further right, and larger figures higher', () => {
  const { x, y, low, high } = scalesOf(points, 'fid');
  expect([low, high]).toEqual([0, 300]);
  expect(x(4_000)).toBeGreaterThan(x(1_000));
  expect(x(2_000) - x(0)).toBeCloseTo(x(4_000) - x(2_000), 9);
  expect(y(300)).toBeLessThan(y(150));
});

it('shows shares from 0 to 1, and a KID below 0 inside the chart', () => {
  expect(scalesOf(points, 'precision')).toMatchObject({ low: 0, high: 1 });
  const { low, y } = scalesOf(points, 'kid');
  expect(low).toBe(-0.01);
  expect(y(-0.01)).toBeLessThan(120);
  expect(y(0.04)).toBeGreaterThan(0);
});

it('draws a single point whose figure is 0', () => {
  const { x, y } = scalesOf([{ imagesShown: 0, fid: 0, kid: 0, precision: 0, recall: 0 }], 'fid');
  expect([x(0), y(0)].every(Number.isFinite)).toBe(true);
});
