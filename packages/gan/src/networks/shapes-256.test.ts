import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { countParameters, unflatten } from '../parameters.ts';
import { presets } from '../presets.ts';
import { discriminate, discriminatorSpecs } from './discriminator.ts';
import { generatorSpecs, repeatStyle, synthesize } from './generator.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const preset = presets['paper-256'];
const zeros = (specs: ReturnType<typeof generatorSpecs>) =>
  unflatten(specs, tf.zeros([countParameters(specs)]) as tf.Tensor1D);

/** Side and channels of what each convolution gives, in order. */
async function convolutions(run: () => tf.Tensor): Promise<string[]> {
  const { kernels } = await tf.profile(run);
  return kernels
    .filter(({ name }) => name === 'Conv2D' || name === 'Conv2DBackpropInput')
    .map(({ outputShapes }) => outputShapes[0]!.slice(1).join('×'));
}

test('at 256 px each block of the generator has the side and channels of the paper', async () => {
  const style = tf.zeros([1, 512]) as tf.Tensor2D;
  const shapes = await convolutions(() =>
    synthesize(preset, zeros(generatorSpecs(preset, 2)), repeatStyle(preset, style)),
  );
  const up = (side: number, channels: number) => [
    `${side + 1}×${side + 1}×${channels}`, // stride 2, before the low-pass filter takes one off
    `${side}×${side}×${channels}`,
    `${side}×${side}×1`, // to gray
    `${side}×${side}×1`, // the smaller image, doubled
  ];
  expect(shapes).toEqual([
    ...['4×4×512', '4×4×1'],
    ...[up(8, 512), up(16, 512), up(32, 512), up(64, 256), up(128, 128), up(256, 64)].flat(),
  ]);
});

test('at 256 px each block of the discriminator has the side and channels of the paper', async () => {
  const images = tf.zeros([1, 256, 256, 1]) as tf.Tensor4D;
  const label = tf.tensor2d([[1, 0]]);
  const shapes = await convolutions(() =>
    discriminate(preset, zeros(discriminatorSpecs(preset, 2)), images, label),
  );
  const down = (side: number, inputs: number, outputs: number) => [
    `${side / 2}×${side / 2}×${outputs}`, // skip
    `${side}×${side}×${inputs}`,
    `${side / 2}×${side / 2}×${outputs}`,
  ];
  expect(shapes).toEqual([
    '256×256×64',
    ...[down(256, 64, 128), down(128, 128, 256), down(64, 256, 512)].flat(),
    ...[down(32, 512, 512), down(16, 512, 512), down(8, 512, 512)].flat(),
    '4×4×512',
  ]);
});
