import { tf } from '@synspine/compute';
import { convSpec, denseSpecs, type ParameterSpec } from '../parameters.ts';
import type { GanPreset } from '../presets.ts';
import { modulatedConv, type Parameters, toGray } from './layers.ts';
import { mappingSpecs } from './mapping.ts';
import { upsample } from './resample.ts';

/** 4, 8, …, resolution */
export function blockResolutions(preset: GanPreset): number[] {
  const blocks = Math.log2(preset.resolution) - 1;
  return Array.from({ length: blocks }, (_, i) => 4 << i);
}

export function channelsAt(preset: GanPreset, resolution: number): number {
  return Math.min(Math.floor(preset.channelBase / resolution), preset.channelMax);
}

function convNames(preset: GanPreset, resolution: number): string[] {
  return resolution === 4 || preset.convsPerBlock === 1 ? ['conv0'] : ['conv0', 'conv1'];
}

function modulatedSpecs(
  name: string,
  styleDim: number,
  kernel: number,
  inputs: number,
  outputs: number,
): ParameterSpec[] {
  return [
    convSpec(name, kernel, inputs, outputs),
    { name: `${name}.bias`, shape: [outputs], init: 'zeros' },
    ...denseSpecs(`${name}.affine`, styleDim, inputs, 1, 'ones'), // style 1 at the start: no modulation
  ];
}

/** How many styles an image takes: one per convolution, and the last toGray's. 14 at 256 px with two convolutions per block. */
export function styleCount(preset: GanPreset): number {
  return blockResolutions(preset).reduce((n, r) => n + convNames(preset, r).length, 1);
}

function blockSpecs(preset: GanPreset, resolution: number): ParameterSpec[] {
  const outputs = channelsAt(preset, resolution);
  const convs = convNames(preset, resolution).map((conv, i) => {
    const inputs = i === 0 && resolution > 4 ? channelsAt(preset, resolution / 2) : outputs;
    return modulatedSpecs(`synthesis.${resolution}.${conv}`, preset.styleDim, 3, inputs, outputs);
  });
  return [...convs.flat(), ...modulatedSpecs(`synthesis.${resolution}.gray`, preset.styleDim, 1, outputs, 1)];
}

export function generatorSpecs(preset: GanPreset, classCount: number): ParameterSpec[] {
  const start: ParameterSpec = {
    name: 'synthesis.const',
    shape: [1, 4, 4, channelsAt(preset, 4)],
    init: 'normal',
  };
  return [
    ...mappingSpecs(preset, classCount),
    start,
    ...blockResolutions(preset).flatMap((r) => blockSpecs(preset, r)),
  ];
}

/**
 * Styles → images [b,res,res,1], about −1..1 and not clipped. `styles` holds `styleCount` tensors [b,styleDim]; a block's toGray
 * shares its style with the next block's first convolution.
 */
export function synthesize(preset: GanPreset, p: Parameters, styles: readonly tf.Tensor2D[]): tf.Tensor4D {
  const start = p['synthesis.const']! as tf.Tensor4D;
  let x = tf.mul(start, tf.ones([styles[0]!.shape[0], 1, 1, 1])) as tf.Tensor4D;
  let image: tf.Tensor4D | null = null;
  let layer = 0;
  for (const resolution of blockResolutions(preset)) {
    for (const [i, conv] of convNames(preset, resolution).entries()) {
      const up = i === 0 && resolution > 4 ? preset.resampling : null;
      x = modulatedConv(p, `synthesis.${resolution}.${conv}`, x, styles[layer++]!, up);
    }
    const gray = toGray(p, `synthesis.${resolution}.gray`, x, styles[layer]!);
    image = image ? tf.add(upsample(image, 'fir'), gray) : gray; // one channel: smooth costs nothing, repeated pixels show
  }
  return image!;
}

/** One style for every layer. */
export function repeatStyle(preset: GanPreset, w: tf.Tensor2D): tf.Tensor2D[] {
  return Array.from({ length: styleCount(preset) }, () => w);
}

/** Layers from `cut` on (int [b,1], one per image) take `second` instead of `first`. */
export function mixStyles(
  preset: GanPreset,
  first: tf.Tensor2D,
  second: tf.Tensor2D,
  cut: tf.Tensor2D,
): tf.Tensor2D[] {
  const difference = tf.sub(second, first);
  return repeatStyle(preset, first).map((w, layer) => {
    const taken = tf.cast(tf.lessEqual(cut, layer), 'float32'); // [b,1]
    return tf.add(w, tf.mul(difference, taken));
  });
}
