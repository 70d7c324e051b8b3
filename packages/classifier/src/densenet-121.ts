import { relu, tf } from '@synspine/compute';
import type { Architecture, TensorMap } from './architecture.ts';
import { type Normalise, normShapes, withBatchNorm } from './batch-norm.ts';
import { checkSide, toImagenetInput } from './imagenet-input.ts';

const BLOCKS = [6, 12, 24, 16];
const GROWTH = 32;
/** A layer's 1×1 convolution gives 4 · growth channels to its 3×3 one. */
const BOTTLENECK = 4 * GROWTH;
const STEM = 64;
const EPSILON = 1e-5;
/** Mean and deviation of ImageNet's training images, as for torchvision's weights. */
const SCALE = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/**
 * DenseNet-121 (Huang et al. 2017, table 1): 7,978,856 trained parameters with 1,000 classes. Names follow torchvision's,
 * whose weights it takes.
 */
export const densenet121: Architecture = {
  id: 'densenet-121',
  batch: 32,
  shapes(size, classes) {
    checkSide(size);
    const shapes: Record<string, number[]> = {
      'conv0.weight': [7, 7, 3, STEM],
      ...normShapes('norm0', STEM),
    };
    let channels = STEM;
    for (const [b, layers] of BLOCKS.entries()) {
      for (let l = 1; l <= layers; l++, channels += GROWTH)
        Object.assign(shapes, layerShapes(`denseblock${b + 1}.denselayer${l}`, channels));
      if (b === BLOCKS.length - 1) break;
      Object.assign(shapes, normShapes(`transition${b + 1}.norm`, channels));
      shapes[`transition${b + 1}.conv.weight`] = [1, 1, channels, channels / 2];
      channels /= 2;
    }
    Object.assign(shapes, normShapes('norm5', channels));
    return { ...shapes, 'head.weight': [channels, classes], 'head.bias': [classes] };
  },
  ...withBatchNorm(body, EPSILON),
};

const layerShapes = (layer: string, channels: number): Record<string, number[]> => ({
  ...normShapes(`${layer}.norm1`, channels),
  [`${layer}.conv1.weight`]: [1, 1, channels, BOTTLENECK],
  ...normShapes(`${layer}.norm2`, BOTTLENECK),
  [`${layer}.conv2.weight`]: [3, 3, BOTTLENECK, GROWTH],
});

function body(parameters: TensorMap, images: tf.Tensor4D, normalise: Normalise): tf.Tensor2D {
  const weight = (name: string) => parameters[`${name}.weight`] as tf.Tensor4D;
  const activate = (x: tf.Tensor4D, norm: string) => relu(normalise(x, norm));
  let x = stem(toImagenetInput(images, SCALE), weight('conv0'), activate); // [b, 56, 56, 64]
  for (const [b, layers] of BLOCKS.entries()) {
    for (let l = 1; l <= layers; l++) {
      const layer = `denseblock${b + 1}.denselayer${l}`;
      const narrow = tf.conv2d(activate(x, `${layer}.norm1`), weight(`${layer}.conv1`), 1, 'valid');
      const fresh = tf.conv2d(activate(narrow, `${layer}.norm2`), weight(`${layer}.conv2`), 1, 'same');
      x = tf.concat([x, fresh], 3);
    }
    if (b === BLOCKS.length - 1) break;
    const half = tf.conv2d(
      activate(x, `transition${b + 1}.norm`),
      weight(`transition${b + 1}.conv`),
      1,
      'valid',
    );
    x = tf.avgPool(half, 2, 2, 'valid');
  }
  const features = tf.mean<tf.Tensor2D>(activate(x, 'norm5'), [1, 2]); // [b, 7, 7, 1024] → [b, 1024]
  return tf.add(tf.matMul(features, parameters['head.weight'] as tf.Tensor2D), parameters['head.bias']!);
}

/** Padded by hand: 'same' would put all of an odd padding behind. Rectified values are padded with 0 as with −∞. */
function stem(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  activate: (x: tf.Tensor4D, norm: string) => tf.Tensor4D,
): tf.Tensor4D {
  const around = (image: tf.Tensor4D, width: number) => {
    const both: [number, number] = [width, width];
    return tf.pad4d(image, [[0, 0], both, both, [0, 0]]);
  };
  const wide = tf.conv2d(around(x, 3), filter, 2, 'valid'); // [b, 112, 112, 64]
  return tf.maxPool(around(activate(wide, 'norm0'), 1), 3, 2, 'valid');
}
