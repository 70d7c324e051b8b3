import { expect, test } from 'vitest';
import { datasetsOf, type ExperimentOptions, methodsOf, planUnits, unitName } from './plan.ts';

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
