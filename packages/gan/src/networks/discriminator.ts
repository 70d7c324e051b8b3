import { lrelu, tf } from '@synspine/compute';
import { convSpec, denseSpecs, type ParameterSpec } from '../parameters.ts';
import type { GanPreset } from '../presets.ts';
import { blockResolutions, channelsAt } from './generator.ts';
import { activate, conv, convDown, dense, normalizeMoment, type Parameters } from './layers.ts';
import { downsample } from './resample.ts';

function biasedConv(name: string, kernel: number, inputs: number, outputs: number): ParameterSpec[] {
  return [convSpec(name, kernel, inputs, outputs), { name: `${name}.bias`, shape: [outputs], init: 'zeros' }];
}

function blockSpecs(preset: GanPreset, resolution: number): ParameterSpec[] {
  const [inputs, outputs] = [channelsAt(preset, resolution), channelsAt(preset, resolution / 2)];
  return [
    ...biasedConv(`${resolution}.conv0`, 3, inputs, inputs),
    ...biasedConv(`${resolution}.conv1`, 3, inputs, outputs),
    convSpec(`${resolution}.skip`, 1, inputs, outputs),
  ];
}

const labelMultiplier = 0.01; // of the layers after the embedding, as in the generator's mapping

function labelSpecs(preset: GanPreset, classCount: number): ParameterSpec[] {
  const { styleDim, discriminatorLabelLayers } = preset;
  if (preset.labelInput === 'one-hot')
    return [{ name: 'label.weight', shape: [classCount, styleDim], init: 'normal' }];
  const layers = Array.from({ length: discriminatorLabelLayers }, (_, i) =>
    denseSpecs(`label.${i}`, styleDim, styleDim, labelMultiplier),
  );
  return [...denseSpecs('label', classCount, styleDim), ...layers.flat()];
}

export function discriminatorSpecs(preset: GanPreset, classCount: number): ParameterSpec[] {
  const deep = channelsAt(preset, 4);
  return [
    ...biasedConv('gray', 1, 1, channelsAt(preset, preset.resolution)),
    ...blockResolutions(preset)
      .slice(1)
      .reverse()
      .flatMap((r) => blockSpecs(preset, r)),
    ...biasedConv('4.conv', 3, deep + 1, deep),
    ...denseSpecs('4.dense', 16 * deep, deep),
    ...denseSpecs('out', deep, preset.styleDim),
    ...labelSpecs(preset, classCount),
  ];
}

function embedLabel(preset: GanPreset, p: Parameters, label: tf.Tensor2D): tf.Tensor2D {
  if (preset.labelInput === 'one-hot') return tf.matMul(label, p['label.weight']! as tf.Tensor2D);
  let embedding = normalizeMoment(dense(p, 'label', label));
  for (let i = 0; i < preset.discriminatorLabelLayers; i++) {
    embedding = lrelu(dense(p, `label.${i}`, embedding, labelMultiplier));
  }
  return embedding;
}

function activatedConv(p: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return activate(p, name, conv(p, name, x, Math.SQRT2));
}

function residualBlock(preset: GanPreset, p: Parameters, resolution: number, x: tf.Tensor4D): tf.Tensor4D {
  const half = Math.SQRT1_2; // keeps the variance of a sum of two
  const skip = conv(p, `${resolution}.skip`, downsample(x, preset.discriminatorResampling), half);
  const inner = activatedConv(p, `${resolution}.conv0`, x);
  const down = convDown(p, `${resolution}.conv1`, inner, preset.discriminatorResampling, Math.SQRT2 * half);
  return tf.add(activate(p, `${resolution}.conv1`, down, half), skip);
}

/**
 * One more channel holding the mean standard deviation of the image's group: the discriminator sees variety. The batch is cut
 * into `parts` that never share a group (fakes and reals in one pass), each into strided groups. [b,h,w,c] → [b,h,w,c+1]
 */
export function appendMinibatchStd(x: tf.Tensor4D, group: number, parts: number): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const size = Math.min(group, b / parts);
  const groups = b / parts / size;
  const grouped = tf.reshape(x, [parts, size, groups, h * w * c]);
  const centred = tf.sub(grouped, tf.mean(grouped, 1, true));
  const std = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-8)); // [parts,1,groups,hwc]
  const perGroup = tf.mean(std, 3, true); // [parts,1,groups,1]
  const perImage = tf.reshape(tf.mul(perGroup, tf.ones([1, size, 1, 1])), [b, 1, 1, 1]);
  return tf.concat([x, tf.mul(perImage, tf.ones([1, h, w, 1])) as tf.Tensor4D], 3);
}

/**
 * Logits [b] for images [b,res,res,1] under one-hot labels [b,classes]: Σ features · embedding(label) / √styleDim.
 * `parts` says how many equal, independent batches were laid one after the other.
 */
export function discriminate(
  preset: GanPreset,
  p: Parameters,
  images: tf.Tensor4D,
  label: tf.Tensor2D,
  parts = 1,
): tf.Tensor1D {
  let x = activatedConv(p, 'gray', images);
  for (const resolution of blockResolutions(preset).slice(1).reverse())
    x = residualBlock(preset, p, resolution, x);
  x = activatedConv(p, '4.conv', appendMinibatchStd(x, preset.minibatchStdGroup, parts));
  const flat = tf.reshape(x, [images.shape[0], 16 * channelsAt(preset, 4)]) as tf.Tensor2D;
  const features = dense(p, 'out', lrelu(dense(p, '4.dense', flat)));
  const projected = tf.sum(tf.mul(features, embedLabel(preset, p, label)), 1);
  return tf.mul(projected, 1 / Math.sqrt(preset.styleDim)) as tf.Tensor1D;
}
