import { expect, test } from 'vitest';
import { drawCurves } from './curve-figure.ts';
import type { PaperResults } from './results.ts';

const interval = { value: 0.8, ciLow: 0.7, ciHigh: 0.9 };
const tests = ['pooled', 'outside:rowan'];
const results = {
  auc: tests.map((test) => ({ trainedOn: 'pooled', test, method: 'real', films: 40, auc: interval })),
  curve: tests.flatMap((test) =>
    (['gan', 'spinegan'] as const).flatMap((method) =>
      [500, 1_000, 2_000].map((imagesShown) => ({
        trainedOn: 'pooled',
        method,
        imagesShown,
        test,
        auc: interval,
      })),
    ),
  ),
} as unknown as PaperResults;

test('the curve has a panel for each test set, a point for each length and method, and real films’ line', () => {
  const svg = drawCurves(results, 'pooled');
  expect(svg.match(/tested on /g)).toHaveLength(2);
  expect(svg.match(/<circle /g)).toHaveLength(12);
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});
