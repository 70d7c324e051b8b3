import { expect, it } from 'vitest';
import { embeddedCount } from './run.ts';

it('features are made of enough images for the hold-out’s size, and not of more than a machine can embed in minutes', () => {
  expect([20, 38, 100, 400, 5_000].map((patients) => embeddedCount('cpu', patients))).toEqual([
    192, 192, 500, 2_000, 2_000,
  ]);
  expect(embeddedCount('gpu', 20)).toBe(10_000);
});
