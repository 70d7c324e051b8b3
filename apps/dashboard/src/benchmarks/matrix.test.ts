import { expect, it } from 'vitest';
import { matrixOf, sitesWithoutComparison } from './matrix.ts';

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

it('puts the pool first among rows, stratified before pooled before the sites among columns, and finds a cell by both names', () => {
  const m = matrixOf([
    cell('real:cedar', 'cedar'),
    cell('synthetic:alder', 'zeta'),
    cell('synthetic:all-but-alder', 'alder'),
    cell('synthetic:pool', 'pooled'),
    cell('synthetic:pool', 'stratified'),
    cell('synthetic:pool', 'alder'),
  ]);
  expect(m.rows).toEqual(['synthetic:pool', 'synthetic:all-but-alder', 'synthetic:alder', 'real:cedar']);
  expect(m.columns).toEqual(['stratified', 'pooled', 'alder', 'cedar', 'zeta']);
  expect(m.at('synthetic:pool', 'pooled')?.auc).toBe(0.7);
  expect(m.at('real:cedar', 'pooled')).toBeUndefined();
});

it('names the sites where a classifier stands without a real result that was trained alike', () => {
  const trained = (trainedOn: string, testedOn: string, training?: string) => ({
    ...cell(trainedOn, testedOn),
    training,
  });
  const cells = [
    trained('synthetic:pool', 'alder', 'a'),
    trained('real:alder', 'alder', 'a'),
    trained('synthetic:pool', 'birch', 'a'),
    trained('synthetic:birch', 'birch', 'b'),
    trained('real:birch', 'birch', 'a'),
    trained('synthetic:pool', 'cedar', 'a'),
    trained('synthetic:pool', 'pooled', 'a'),
    trained('synthetic:pool', 'stratified', 'a'),
  ];
  expect(sitesWithoutComparison(cells)).toEqual(['birch', 'cedar']);
});
