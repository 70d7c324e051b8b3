import { expect, test } from 'vitest';
import { discriminatorSpecs } from './networks/discriminator.ts';
import { generatorSpecs, styleCount } from './networks/generator.ts';
import { countParameters } from './parameters.ts';
import { presets } from './presets.ts';

test('the generator of paper-256 has 23.4 M parameters and the label embedding', () => {
  const embedding = 2 * 512 + 512;
  expect(countParameters(generatorSpecs(presets['paper-256'], 2)) - embedding).toBe(23_448_647);
});

test('the discriminator of paper-256 has 26.4 M parameters, and 24.3 M without its label layers', () => {
  expect(countParameters(discriminatorSpecs(presets['paper-256'], 2))).toBe(26_365_888);
  const plain = { ...presets['paper-256'], discriminatorLabelLayers: 0 };
  expect(countParameters(discriminatorSpecs(plain, 2))).toBe(24_264_640);
});

test('an image of paper-256 takes 14 styles', () => {
  expect(styleCount(presets['paper-256'])).toBe(14);
});

test('eight labels cost eight embeddings and nothing else', () => {
  const [two, eight] = [2, 8].map((n) => countParameters(generatorSpecs(presets['paper-256-multi'], n)));
  expect(eight! - two!).toBe(6 * 512);
});

test('every preset is stored under its own name', () => {
  for (const [name, preset] of Object.entries(presets)) expect(preset.name).toBe(name);
});

test('only the paper presets mirror or turn films', () => {
  const mirrored = Object.values(presets).filter(({ augment: a }) => a.flipX || a.quarterTurns || a.lumaFlip);
  expect(mirrored.map((preset) => preset.name)).toEqual(['paper-256', 'paper-256-multi']);
});

test('the batch of every preset is cut into whole groups', () => {
  for (const { batch, minibatchStdGroup } of Object.values(presets))
    expect(batch % minibatchStdGroup).toBe(0);
});
