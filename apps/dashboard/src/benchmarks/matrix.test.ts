import { expect, it } from 'vitest';
import { matrixOf } from './matrix.ts';

const cell = (trainedOn: string, testedOn: string) => ({
  trainedOn,
  testedOn,
  auc: 0.7,
  ciLow: 0.6,
  ciHigh: 0.8,
  nPositive: 10,
  nNegative: 12,
  seeds: 3,
});

it('puts the pool first among rows, pooled last among columns, and finds a cell by both names', () => {
  const m = matrixOf([
    cell('real:cedar', 'cedar'),
    cell('synthetic:alder', 'zeta'),
    cell('synthetic:pool', 'pooled'),
    cell('synthetic:pool', 'alder'),
  ]);
  expect(m.rows).toEqual(['synthetic:pool', 'synthetic:alder', 'real:cedar']);
  expect(m.columns).toEqual(['alder', 'cedar', 'zeta', 'pooled']);
  expect(m.at('synthetic:pool', 'pooled')?.auc).toBe(0.7);
  expect(m.at('real:cedar', 'pooled')).toBeUndefined();
});
