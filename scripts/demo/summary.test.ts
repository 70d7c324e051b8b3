import { expect, it } from 'vitest';
import { printSummary } from './summary.ts';

it('prints the stratified AUC before the pooled one, and in words that they differ', () => {
  const cell = {
    trainedOn: 'synthetic:pool',
    ciLow: 0.7,
    ciHigh: 0.9,
    nPositive: 30,
    nNegative: 40,
    seeds: 3,
  };
  const lines: string[] = [];
  const benchmark = [
    { ...cell, testedOn: 'stratified', auc: 0.85 },
    { ...cell, testedOn: 'pooled', auc: 0.75, warnings: ['pooling-differs' as const] },
  ];
  printSummary({ sites: [], benchmark, durationS: 1 }, (line) => lines.push(line));
  const [stratified, pooled] = ['stratified', 'pooled'].map((name) =>
    lines.findIndex((l) => l.includes(`→ ${name}`)),
  );
  expect(stratified).toBeGreaterThan(0);
  expect(pooled).toBe(stratified! + 1);
  expect(lines[pooled!]).toMatch(/0\.750 \(0\.700–0\.900\) {3}n = 30 abnormal \+ 40 normal, 3 seeds \(a\)$/);
  expect(lines[stratified!]).not.toContain('(a)');
  expect(lines.at(-1)).toMatch(/^ {2}\(a\) differs from the stratified AUC by more than noise/);
});
