import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('without a part, the training step and the features are compared', () => {
  expect(readOptions([])).toMatchObject({ parts: ['compute', 'features'], rounds: 7, threads: 2 });
});

test('the large presets are the default of the parts that are about them', () => {
  expect(readOptions(['big']).presets).toEqual(['clinic-256', 'paper-256']);
  expect(readOptions(['compute']).presets).toEqual(['demo-32', 'demo-64', 'small-128']);
});

test('an unknown part or preset is named', () => {
  expect(() => readOptions(['speed'])).toThrow('There is no part speed.');
  expect(() => readOptions(['--presets', 'demo-16'])).toThrow('There is no preset demo-16.');
});

test.each(['rounds', 'batch', 'threads'])('--%s takes a whole number from 1 on', (name) => {
  for (const text of ['0', '-1', '2.5', 'many'])
    expect(() => readOptions([`--${name}=${text}`])).toThrow(`--${name} takes a whole number`);
});

test('films and syntaxes to read are taken as they are given', () => {
  expect(readOptions(['ingest'])).toMatchObject({ parts: ['ingest'], films: null, syntaxes: null });
  const given = readOptions(['ingest', '--films', 'folder', '--syntaxes', 'explicit,JPEG 2000']);
  expect(given).toMatchObject({ films: 'folder', syntaxes: ['explicit', 'JPEG 2000'] });
});

test('text is measured on the half of the patients on which no limit was chosen, unless told otherwise', () => {
  expect(readOptions(['text']).half).toBe('measure');
  expect(readOptions(['text', '--half', 'tune']).half).toBe('tune');
  expect(() => readOptions(['text', '--half', 'both'])).toThrow('--half takes measure or tune, not both.');
});
