import { expect, test } from 'vitest';
import { EARLIER_OPTIONS } from './plan.ts';
import type { PaperResults, QualityRow } from './results.ts';
import { aucTable, qualityTable, toCsv, toMarkdown } from './tables.ts';

const interval = { value: 0.8, ciLow: 0.7, ciHigh: 0.9 };
const auc = { ...interval, low: 0.7, high: 0.9 };
const score = (value: number): QualityRow['values'][number] => ({ value, ciLow: value, ciHigh: value });

const results: PaperResults = {
  schema: 'synspine.paper/1',
  options: {
    ...EARLIER_OPTIONS,
    preset: 'demo-32',
    labels: 'binary',
    imagesShown: null,
    generatorSeeds: 2,
    classifierSeeds: 3,
    classifierSteps: null,
    syntheticCount: 100,
    psi: 1,
    architecture: 'small-cnn',
    recipe: 'default',
  },
  datasets: [],
  auc: [
    {
      ...{ trainedOn: 'a', method: 'real', test: 'a', testedOn: 'a', films: 40, patients: 20, auc },
      ...{ lessReal: null, lessGan: interval },
    },
    {
      trainedOn: 'a',
      method: 'gan',
      test: 'a',
      testedOn: 'a',
      films: 40,
      patients: 20,
      auc,
      lessReal: { value: -0.1, ciLow: -0.2, ciHigh: 0.01 },
      lessGan: null,
    },
  ],
  quality: [
    {
      dataset: 'a',
      method: 'gan',
      metric: 'fid',
      protocol: 'fid_heldout',
      stratum: 'all',
      n: 9,
      values: [score(100), score(140)],
      floor: { value: 50, ciLow: 40, ciHigh: 60 },
    },
  ],
  curve: [],
  findings: [],
  outside: [],
  fullProtocol: [],
  generators: [],
};

test('Table 1 gives AUCs with intervals, and differences to real films but for real films themselves', () => {
  expect(aucTable(results).rows).toEqual([
    ['a', 'real', 'a', '40', '20', '0.800 (0.700 to 0.900)', '–', '0.800 (0.700 to 0.900)'],
    ['a', 'gan', 'a', '40', '20', '0.800 (0.700 to 0.900)', '-0.100 (-0.200 to 0.010)', '–'],
  ]);
});

test('Table 2 gives mean and range over the seeds, beside real films', () => {
  const { rows, caption } = qualityTable(results);
  expect(rows.map((row) => row.slice(0, 5))).toEqual([
    ['a', 'all', 'gan', '9', '120.0 (100.0–140.0)'],
    ['a', 'all', 'spinegan', '9', '–'],
    ['a', 'all', 'real', '9', '50.0'],
  ]);
  expect(caption).toContain('fid_heldout');
});

test('a table is written as Markdown and as CSV', () => {
  const table = { caption: 'C', header: ['x', 'y'], rows: [['1', 'a, "b"']] };
  expect(toMarkdown(table)).toBe('C\n\n| x | y |\n| --- | --- |\n| 1 | a, "b" |\n');
  expect(toCsv(table)).toBe('x,y\n1,"a, ""b"""\n');
});
