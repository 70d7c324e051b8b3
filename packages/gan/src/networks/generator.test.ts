import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { initParameters, unflatten } from '../parameters.ts';
import { presets } from '../presets.ts';
import { tinyPreset } from '../test-data.ts';
import { generatorSpecs, mixStyles, repeatStyle, styleCount, synthesize } from './generator.ts';
import { mapToStyle } from './mapping.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const seed = () => tf.tensor1d([5, 6], 'int32');

test.each(['box', 'fir'] as const)('%s: latents and labels become one gray image each', (resampling) => {
  const preset = { ...tinyPreset, resampling, resolution: 16, labelInput: 'embedded' as const };
  const specs = generatorSpecs(preset, 3);
  const p = unflatten(specs, initParameters(specs, seed()));
  const w = mapToStyle(
    preset,
    p,
    tf.randomNormal([4, 8]),
    tf.oneHot([0, 1, 2, 0], 3).toFloat() as tf.Tensor2D,
  );
  const images = synthesize(preset, p, repeatStyle(preset, w));
  expect(images.shape).toEqual([4, 16, 16, 1]);
  expect(Number.isFinite(tf.sum(images).dataSync()[0])).toBe(true);
});

test('the mapping ignores the length of z and hears the label', () => {
  const specs = generatorSpecs(tinyPreset, 2);
  const p = unflatten(specs, initParameters(specs, seed()));
  const z = tf.randomNormal([1, 8], 0, 1, 'float32', 1) as tf.Tensor2D;
  const map = (latent: tf.Tensor2D, label: number[]) => [
    ...mapToStyle(tinyPreset, p, latent, tf.tensor2d([label])).dataSync(),
  ];
  const [plain, longer, other] = [map(z, [1, 0]), map(tf.mul(z, 7), [1, 0]), map(z, [0, 1])];
  for (const [i, v] of plain.entries()) expect(longer[i]).toBeCloseTo(v, 4);
  expect(other).not.toEqual(plain);
});

test('style mixing takes the first latent before the cut and the second from it on', () => {
  const layers = styleCount(presets['demo-32']);
  const [a, b] = [tf.zeros([2, 1]), tf.ones([2, 1])] as [tf.Tensor2D, tf.Tensor2D];
  const mixed = mixStyles(presets['demo-32'], a, b, tf.tensor2d([2, layers], [2, 1], 'int32'));
  const seen = mixed.map((w) => [...w.dataSync()]);
  expect(seen.map(([first]) => first)).toEqual(seen.map((_, layer) => (layer < 2 ? 0 : 1)));
  expect(seen.every(([, second]) => second === 0)).toBe(true); // a cut after the last layer: no mixing
});
