import { relu6, tf } from '@synspine/compute';
import type { Architecture, TensorMap } from './architecture.ts';
import { type Normalise, normShapes, withBatchNorm } from './batch-norm.ts';
import { checkSide, toImagenetInput } from './imagenet-input.ts';

type Block = {
  name: string;
  inputs: number;
  expanded: number;
  outputs: number;
  kernel: number;
  stride: number;
};

const STEM = 32;
const TOP = 1280;
const EPSILON = 1e-3;
/** (x − 127) / 128 of 8-bit values, as its published weights were trained. */
const SCALE = { mean: new Array(3).fill(127 / 255), deviation: new Array(3).fill(128 / 255) };

/** Expansion, kernel, stride of the first, output channels, repeats (Tan & Le 2019, table 1). */
const STAGES = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

const BLOCKS = listBlocks();

/**
 * EfficientNet-Lite0: EfficientNet-B0 (Tan & Le 2019) without squeeze-and-excitation and with ReLU6. 4,652,008 trained
 * parameters with 1,000 classes. No dropout and no stochastic depth: every step trains the whole network.
 */
export const efficientnetLite0: Architecture = {
  id: 'efficientnet-lite0',
  batch: 64,
  shapes(size, classes) {
    checkSide(size);
    const shapes = convShapes('stem', [3, 3, 3, STEM], STEM);
    for (const { name, inputs, expanded, outputs, kernel } of BLOCKS) {
      if (expanded !== inputs)
        Object.assign(shapes, convShapes(`${name}.expand`, [1, 1, inputs, expanded], expanded));
      Object.assign(shapes, convShapes(`${name}.depthwise`, [kernel, kernel, expanded, 1], expanded));
      Object.assign(shapes, convShapes(`${name}.project`, [1, 1, expanded, outputs], outputs));
    }
    Object.assign(shapes, convShapes('top', [1, 1, BLOCKS.at(-1)!.outputs, TOP], TOP));
    return { ...shapes, 'head.weight': [TOP, classes], 'head.bias': [classes] };
  },
  ...withBatchNorm(body, EPSILON),
};

function listBlocks(): Block[] {
  const blocks: Block[] = [];
  let inputs = STEM;
  for (const [expansion, kernel, first, outputs, repeats] of STAGES)
    for (let i = 0; i < repeats; i++, inputs = outputs) {
      const [name, stride] = [`block${blocks.length}`, i === 0 ? first : 1];
      blocks.push({ name, inputs, expanded: inputs * expansion, outputs, kernel, stride });
    }
  return blocks;
}

const convShapes = (name: string, shape: number[], channels: number): Record<string, number[]> => ({
  [`${name}.weight`]: shape,
  ...normShapes(`${name}.norm`, channels),
});

function body(parameters: TensorMap, images: tf.Tensor4D, normalise: Normalise): tf.Tensor2D {
  const weight = (name: string) => parameters[`${name}.weight`] as tf.Tensor4D;
  const conv = (x: tf.Tensor4D, name: string, stride = 1) =>
    normalise(tf.conv2d(x, weight(name), stride, 'same'), `${name}.norm`);
  let x = relu6(conv(toImagenetInput(images, SCALE), 'stem', 2)); // [b, 112, 112, 32]
  for (const { name, inputs, expanded, outputs, stride } of BLOCKS) {
    const wide = expanded === inputs ? x : relu6(conv(x, `${name}.expand`));
    const filtered = tf.depthwiseConv2d(wide, weight(`${name}.depthwise`), stride, 'same');
    const narrow = conv(relu6(normalise(filtered, `${name}.depthwise.norm`)), `${name}.project`);
    x = stride === 1 && inputs === outputs ? tf.add(narrow, x) : narrow;
  }
  const features = tf.mean<tf.Tensor2D>(relu6(conv(x, 'top')), [1, 2]); // [b, 7, 7, 1280] → [b, 1280]
  return tf.add(tf.matMul(features, parameters['head.weight'] as tf.Tensor2D), parameters['head.bias']!);
}
