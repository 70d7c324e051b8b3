import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { discriminatorSpecs } from './networks/discriminator.ts';
import { generatorSpecs, styleCount } from './networks/generator.ts';
import { countParameters } from './parameters.ts';
import { presets } from './presets.ts';

/*
 * By hand, for one channel and c classes (k×k convolutions of i to o channels have k²·i·o weights and o biases; a style layer has 512·i + i).
 * G. Mapping: (512+512)·512+512 + 512·512+512 = 787,456. Constant: 4·4·512 = 8,192.
 *    512→512: 9·512² + 512 + 513·512 = 2,622,464; to gray: 512 + 1 + 513·512 = 263,169.
 *    4: one convolution, 2,885,633. 8, 16, 32: two each, 3·5,508,097. 64: 1,442,560 + 721,408 + 131,585 = 2,295,553.
 *    128: 426,368 + 213,248 + 65,793 = 705,409. 256: 139,456 + 69,760 + 32,897 = 242,113.
 *    Together 23,448,647, and the label's layer, c·512 + 512. Published without labels, in RGB and with 13 noise strengths: 23,191,522
 *    = this − 512·512 (mapping's label half) + 2·(4·512+256+128+64 + 7) + 13.
 * D. From gray: 64 + 64 = 128. 256: 36,928 + 73,856 + 8,192 = 118,976. 128: 147,584 + 295,168 + 32,768 = 475,520.
 *    64: 590,080 + 1,180,160 + 131,072 = 1,901,312. 32, 16, 8: 3·(2·2,359,808 + 262,144) = 14,945,280.
 *    4: 9·513·512 + 512 = 2,364,416; 8192·512 + 512 = 4,194,816; out: 512·512 + 512 = 262,656. Label: c·512 + 512.
 *    Together 24,263,104 and the label's; eight label layers of 262,656 each on top. Published without labels, in RGB: 24,001,089
 *    = 24,263,104 − 262,656 + 513 (one output) + 2·64.
 */
const paper = presets['paper-256'];
const plain = { ...paper, discriminatorLabelLayers: 0 };

test('the networks of paper-256 have the parameters that the architecture has on paper: 23.4 M and 24.3 to 26.4 M', () => {
  expect(countParameters(generatorSpecs(paper, 2))).toBe(23_448_647 + 3 * 512);
  expect(countParameters(discriminatorSpecs(plain, 2))).toBe(24_263_104 + 3 * 512);
  expect(countParameters(discriminatorSpecs(paper, 2))).toBe(24_263_104 + 3 * 512 + 8 * 262_656);
});

test('without labels and in colour they are the published ones', () => {
  const generator = countParameters(generatorSpecs(paper, 0)) - 512;
  expect(generator - 512 * 512 + 2 * (4 * 512 + 256 + 128 + 64 + 7) + 13).toBe(23_191_522);
  const discriminator = countParameters(discriminatorSpecs(plain, 0)) - 512;
  expect(discriminator - 262_656 + 513 + 2 * 64).toBe(24_001_089);
});

test('those of paper-256-multi have six more label embeddings each', () => {
  const multi = presets['paper-256-multi'];
  expect(countParameters(generatorSpecs(multi, 8))).toBe(23_448_647 + 9 * 512);
  expect(countParameters(discriminatorSpecs(multi, 8))).toBe(24_263_104 + 9 * 512 + 8 * 262_656);
});

test('an image of paper-256 takes 14 styles', () => {
  expect(styleCount(presets['paper-256'])).toBe(14);
});

test('every preset is stored under its own name', () => {
  for (const [name, preset] of Object.entries(presets)) expect(preset.name).toBe(name);
});

test('only the paper’s presets mirror films, and only as published are they turned on their side', () => {
  const mirrored = Object.values(presets).filter(({ augment: a }) => a.flipX || a.quarterTurns || a.lumaFlip);
  const published = ['published-256', 'published-256-multi'];
  expect(mirrored.map((preset) => preset.name)).toEqual(['paper-256', 'paper-256-multi', ...published]);
  const turned = mirrored.filter(({ augment: a }) => a.quarterTurns || a.rotationDegrees > 12);
  expect(turned.map((preset) => preset.name)).toEqual(published);
});

test('the batch of every preset is cut into whole groups', () => {
  for (const { batch, minibatchStdGroup } of Object.values(presets))
    expect(batch % minibatchStdGroup).toBe(0);
});

test('the presets whose tables were measured so shift films by whole pixels, and scale none', () => {
  const exact = Object.values(presets).filter(({ augment: a }) => a.wholePixelShifts && a.scaleLog2 === 0);
  expect(exact.map(({ name }) => name)).toEqual(['demo-32', 'demo-64', 'small-32', 'small-64']);
});

test('path length is regularised as in StyleGAN2-ADA wherever a preset is for 256 px', () => {
  for (const { resolution, pathLength } of Object.values(presets))
    expect(pathLength).toEqual(resolution === 256 ? { weight: 2, interval: 4, decay: 0.01 } : null);
});

/** Changes with anything that changes what is trained. Then raise the preset's version, and write the new pair here. */
const known: Record<string, [version: number, hash: string]> = {
  'clinic-256': [4, '73ecdfb6a3d0'],
  'demo-32': [2, '15ffdc4df9e3'],
  'demo-64': [2, 'cbbe524d4c38'],
  'paper-256': [4, '7e0ec2ec6537'],
  'paper-256-multi': [4, 'bf6bba439858'],
  'published-256': [3, 'f2ad625cef2f'],
  'published-256-multi': [3, '27da950999f3'],
  'small-128': [4, 'e8557c2cf847'],
  'small-32': [2, 'e3cbe230ce89'],
  'small-64': [2, '172e60edb28b'],
};

test('no preset trains otherwise under the same version', () => {
  const now = Object.values(presets).map((preset) => {
    const { version, name, expectedHoursA100: _, memoryGiB: __, ...trained } = preset;
    const hash = createHash('sha256').update(JSON.stringify(trained)).digest('hex').slice(0, 12);
    return [name, [version, hash]];
  });
  expect(Object.fromEntries(now)).toEqual(known);
});
