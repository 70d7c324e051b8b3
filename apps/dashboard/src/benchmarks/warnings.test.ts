import type { BenchmarkCell } from '@synspine/protocol';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Matrix } from './benchmark.tsx';
import { ForestPlot } from './forest-plot.tsx';

const cell = (testedOn: string, warnings?: BenchmarkCell['warnings']): BenchmarkCell => ({
  ...{ trainedOn: 'synthetic:pool', testedOn, auc: 0.8, ciLow: 0.7, ciHigh: 0.9 },
  ...{ nPositive: 30, nNegative: 40, seeds: 3 },
  ...(warnings && { warnings }),
});
const cells = [cell('alder'), cell('pooled', ['pooling-differs']), cell('stratified')];

it('the table says in words which AUC misleads, and marks it', () => {
  const html = renderToStaticMarkup(createElement(Matrix, { cells }));
  expect(html.match(/⚠/g)).toHaveLength(2); // the cell and its note
  expect(html).toContain('synthetic:pool → pooled: differs from the stratified AUC by more than noise');
  expect(renderToStaticMarkup(createElement(Matrix, { cells: [cell('pooled')] }))).not.toContain('⚠');
});

it('the forest plot draws the stratified AUC first and marks the pooled one that differs', () => {
  const html = renderToStaticMarkup(createElement(ForestPlot, { cells }));
  const at = ['→ stratified', '→ pooled', '→ alder'].map((name) => html.indexOf(name));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(at[0]).toBeGreaterThan(0);
  expect(html.match(/⚠/g)).toHaveLength(1);
});
