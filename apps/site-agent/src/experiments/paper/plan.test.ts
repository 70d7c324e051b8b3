import { expect, test } from 'vitest';
import {
  curvePoints,
  datasetsOf,
  type ExperimentOptions,
  methodsOf,
  planClassifiers,
  planUnits,
  unitName,
} from './plan.ts';

const options = { generatorSeeds: 2 } as ExperimentOptions;

test('several sites are also taken together, one alone is not', () => {
  expect(datasetsOf(['a', 'b']).map(({ name }) => name)).toEqual(['a', 'b', 'pooled']);
  expect(datasetsOf(['a'])).toEqual([{ name: 'a', sites: ['a'] }]);
});

test('every data set gets each generator with each seed, and the classifiers on real films', () => {
  const units = planUnits(datasetsOf(['a', 'b']), options);
  const names = units.filter(({ dataset }) => dataset === 'a').map(unitName);
  expect(names.sort()).toEqual(['gan-1', 'gan-2', 'real', 'spinegan-1', 'spinegan-2']);
  expect(new Set(units.map((unit) => `${unit.dataset}/${unitName(unit)}`)).size).toBe(15);
});

test('the largest data set starts first', () => {
  expect(planUnits(datasetsOf(['a', 'b']), options)[0]!.dataset).toBe('pooled');
});

test('each method belongs to one kind of unit', () => {
  const units = planUnits(datasetsOf(['a']), { ...options, generatorSeeds: 1 });
  expect(units.flatMap(methodsOf).sort()).toEqual(['gan', 'real', 'real+spinegan', 'spinegan']);
});

test('sites may be taken together only', () => {
  expect(datasetsOf(['a', 'b'], true).map(({ name }) => name)).toEqual(['pooled']);
  expect(datasetsOf(['a'], true).map(({ name }) => name)).toEqual(['a']);
});

test('the curve is measured at an eighth, a quarter, half and all of a training, at the nearest snapshots', () => {
  const snapshots = Array.from({ length: 16 }, (_, i) => (i + 1) * 1_000);
  expect(curvePoints(snapshots)).toEqual([2_000, 4_000, 8_000, 16_000]);
  expect(curvePoints([480, 960])).toEqual([480, 960]);
});

test('along the curve classifiers learn from synthetic films alone, at its end from both', () => {
  const unit = { dataset: 'a', generator: { loss: 'spinegan', seed: 1 } } as const;
  const keys = planClassifiers(unit, [500, 1_000], { classifierSeeds: 2 });
  expect(keys.map(({ method, imagesShown, seed }) => `${method} ${imagesShown} ${seed}`)).toEqual([
    ...['spinegan 500 1', 'spinegan 500 2', 'spinegan 1000 1', 'spinegan 1000 2'],
    ...['real+spinegan 1000 1', 'real+spinegan 1000 2'],
  ]);
});
