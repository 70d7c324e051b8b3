import * as tf from '@tensorflow/tfjs-core';
import {
  addBias,
  downsample2,
  firDownsample2,
  firFilter,
  firUpsample2,
  lrelu,
  pixelShuffle,
  sigmoidSafe,
  softplusStable,
  upsample2,
} from '../index.ts';

/*
 * What becomes of the gradient of each tfjs op, taken once and twice; second-order.test.ts proves every line by finite differences and
 * that no op of tfjs that has a gradient is missing. Ops take [1, 4, 4, 4] numbers, some of each sign, none near 0.
 */

export type Op = (x: tf.Tensor4D) => tf.Tensor;
export type OpTable = Readonly<Record<string, Op>>;

const filter = () => tf.sin(tf.range(0, 144).mul(0.7)).reshape([3, 3, 4, 4]) as tf.Tensor4D;
const smallFilter = (x: tf.Tensor4D) => tf.reshape(tf.square(x), [2, 2, 4, 4]) as tf.Tensor4D;
const kernel = (size: number[]) => tf.slice(filter(), [0, 0, 0, 0], size);
const positive = (x: tf.Tensor) => tf.add(tf.square(x), 0.5);
const within1 = (x: tf.Tensor) => tf.mul(tf.sin(x), 0.8);
const rows = (x: tf.Tensor) => tf.reshape(x, [16, 4]) as tf.Tensor2D;
const volume = (x: tf.Tensor) => tf.reshape(x, [1, 4, 4, 4, 1]) as tf.Tensor5D;
const indices = () => tf.tensor1d([3, 1, 3], 'int32');
const times = (x: tf.Tensor, y: tf.Tensor) => tf.mul(x, tf.cast(y, 'float32'));
const none: [number, number] = [0, 0];

/** Right the first and the second time. */
export const right: OpTable = {
  conv2d: (x) => tf.conv2d(x, filter(), 1, 'same'),
  'conv2d without padding': (x) => tf.conv2d(x, filter(), 1, 'valid'),
  'conv2d with a stride': (x) => tf.conv2d(x, filter(), 2, 'same'),
  'conv2d of 1 × 1': (x) => tf.conv2d(x, tf.slice(filter(), [0, 1, 0, 0], [1, 1, 4, 4]), 1, 'same'),
  'conv2d of 1 × 3': (x) => tf.conv2d(x, tf.slice(filter(), [1, 0, 0, 0], [1, 3, 4, 2]), 1, 'same'),
  'conv2d channels first': (x) => tf.conv2d(x, filter(), 1, 'same', 'NCHW'),
  conv1d: (x) => {
    const narrow = tf.reshape(kernel([3, 1, 4, 4]), [3, 4, 4]) as tf.Tensor3D;
    return tf.conv1d(tf.reshape(x, [1, 16, 4]) as tf.Tensor3D, narrow, 1, 'same');
  },
  conv2dTranspose: (x) => tf.conv2dTranspose(x, filter(), [1, 8, 8, 4], 2, 'same'),
  'fused conv2d': (x) =>
    tf.fused.conv2d({ x, filter: filter(), strides: 1, pad: 'same', activation: 'relu' }),
  matMul: (x) => tf.matMul(rows(x), tf.reshape(x, [4, 16]) as tf.Tensor2D),
  'matMul of batches, transposed': (x) => tf.matMul(x, tf.square(x), true, true),
  'fused matMul': (x) => tf.fused.matMul({ a: rows(x), b: tf.reshape(x, [4, 16]), activation: 'relu' }),
  'add, mul, sub': (x) => tf.sub(tf.mul(x, tf.add(x, 2)), x),
  addN: (x) => tf.addN([x, tf.square(x), x]),
  'div and reciprocal': (x) => tf.mul(tf.div(x, positive(x)), tf.reciprocal(positive(x))),
  'sqrt and rsqrt': (x) => tf.mul(tf.sqrt(positive(x)), tf.rsqrt(tf.add(positive(x), 1))),
  'square and squaredDifference': (x) => tf.squaredDifference(x, tf.square(x)),
  abs: (x) => tf.abs(x),
  neg: (x) => tf.mul(tf.neg(x), x),
  'relu and relu6': (x) => tf.mul(tf.relu(x), tf.add(tf.relu6(x), x)),
  softplus: (x) => tf.softplus(x),
  'log, log1p and logSigmoid': (x) =>
    tf.mul(tf.mul(tf.log(positive(x)), tf.log1p(positive(x))), tf.logSigmoid(x)),
  logSumExp: (x) => tf.logSumExp(x, 3),
  expm1: (x) => tf.expm1(x),
  erf: (x) => tf.erf(x),
  'sin, cos and tan': (x) => tf.mul(tf.sin(x), tf.mul(tf.cos(x), tf.tan(within1(x)))),
  'asin, acos and atan': (x) => tf.mul(tf.asin(within1(x)), tf.mul(tf.acos(within1(x)), tf.atan(x))),
  atan2: (x) => tf.atan2(x, positive(x)),
  'sinh and cosh': (x) => tf.mul(tf.sinh(x), tf.cosh(x)),
  'asinh, acosh and atanh': (x) =>
    tf.mul(tf.asinh(x), tf.mul(tf.acosh(tf.add(positive(x), 1)), tf.atanh(within1(x)))),
  'gather on axis 0': (x) => tf.gather(rows(x), indices()),
  'gather on axis 3': (x) => tf.gather(tf.square(x), indices(), 3),
  unsortedSegmentSum: (x) =>
    tf.unsortedSegmentSum(
      rows(tf.square(x)),
      tf.range(0, 16, 1, 'int32').mod(tf.scalar(3, 'int32')) as tf.Tensor1D,
      3,
    ),
  pad: (x) => tf.pad(x, [none, [1, 2], [0, 1], none]),
  slice: (x) => tf.slice(x, [0, 1, 0, 1], [1, 2, 3, 2]),
  'concat and stack': (x) => tf.stack([tf.concat([x, tf.square(x)], 3), tf.concat([x, x], 3)]),
  'split and unstack': (x) =>
    tf.mul(tf.split(x, 2, 3)[0]!, tf.unstack(tf.square(x), 3)[3]!.reshape([1, 4, 4, 1])),
  'transpose and reverse': (x) => tf.mul(tf.transpose(x, [0, 2, 1, 3]), tf.reverse(x, 2)),
  'reshape, expandDims and squeeze': (x) => tf.mul(tf.squeeze(tf.expandDims(x)), tf.reshape(x, [4, 4, 4])),
  broadcastTo: (x) => tf.broadcastTo(tf.square(x), [3, 4, 4, 4]),
  batchToSpaceND: (x) => tf.batchToSpaceND(tf.reshape(tf.square(x), [4, 2, 4, 2]), [2, 2], [none, none]),
  spaceToBatchND: (x) => tf.spaceToBatchND(tf.square(x), [2, 2], [none, none]),
  'clone and cast': (x) => times(tf.clone(x), tf.cast(x, 'float32')),
  'mean and sum': (x) => tf.mul(tf.mean(x, [1, 2], true), tf.sum(x, 3, true)),
  moments: (x) => tf.moments(x, [1, 2]).variance,
  norm: (x) => tf.norm(x, 2, 3),
  batchNorm: (x) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
    return tf.batchNorm(x, mean, variance, tf.zeros([4]), tf.ones([4])); // without a scale, tfjs's gradient fails
  },
  mod: (x) => tf.mod(tf.add(positive(x), 2.1), 1.37),
  'ceil, floor, round, sign and step': (x) =>
    tf.mul(x, tf.addN([tf.ceil(x), tf.floor(x), tf.round(x), tf.sign(x), tf.step(x, 0.1)])),
  'argMax, argMin and oneHot': (x) =>
    tf.mul(x, times(tf.expandDims(tf.argMax(x, 3), 3), tf.oneHot(tf.argMin(x, 3), 4))),
  'isNaN, isFinite and isInf': (x) =>
    tf.addN([x, tf.isNaN(x), tf.isFinite(x), tf.isInf(x)].map((y) => times(x, y))),
  'onesLike and zerosLike': (x) => tf.mul(tf.add(tf.onesLike(x), tf.zerosLike(x)), x),
};

/** Silently wrong the second time in tfjs, or even the first; right since repairGradients. By the kernel whose gradient is replaced. */
export const wrongInTfjs: Readonly<Record<string, Op>> = {
  Exp: (x) => tf.exp(x),
  Sigmoid: (x) => tf.sigmoid(x),
  Tanh: (x) => tf.tanh(x),
  Softmax: (x) => tf.mul(tf.softmax(x), 5),
  MirrorPad: (x) => tf.mirrorPad(x, [none, [1, 1], [2, 0], none], 'reflect'),
  Cumsum: (x) => tf.cumsum(x, 1, true, true),
};

/** Throws the second time in tfjs, because a kernel that its gradient runs has none; right since repairGradients. */
export const throwingInTfjs: OpTable = {
  elu: (x) => tf.elu(x),
  leakyRelu: (x) => tf.leakyRelu(x),
  prelu: (x) => tf.prelu(x, tf.fill([1, 4, 4, 4], 0.2) as tf.Tensor4D),
  maximum: (x) => tf.maximum(x, tf.square(x)),
  max: (x) => tf.max(x, 3),
  min: (x) => tf.min(x, 3),
  clipByValue: (x) => tf.mul(tf.clipByValue(x, -0.5, 0.5), x),
  avgPool: (x) => tf.avgPool(x, 2, 2, 'valid'),
  'pow by its exponent': (x) => tf.pow(positive(x), x),
  'tile of rank 5': (x) => tf.tile(tf.reshape(x, [1, 4, 4, 4, 1]), [2, 1, 1, 1, 2]),
  'the gradient of a filter gradient': (x) =>
    tf.grad((w) => tf.sum(tf.square(tf.conv2d(x, w as tf.Tensor4D, 1, 'same'))))(filter()),
};

/** Also right since repairGradients. */
export const repaired: OpTable = {
  pow: (x) => tf.pow(positive(x), 1.5),
  'pow of a negative number': (x) => tf.pow(x, tf.scalar(3, 'int32')),
  'pow with a broadcast exponent': (x) => tf.pow(positive(x), tf.mean(x, [1, 2, 3], true)),
  selu: (x) => tf.selu(x),
  minimum: (x) => tf.minimum(x, tf.square(x)),
  'where and the comparisons': (x) => {
    const inside = tf.logicalAnd(tf.greater(x, -1), tf.lessEqual(x, 1));
    const either = tf.logicalOr(tf.logicalNot(inside), tf.notEqual(x, 0.3));
    return tf.where(tf.logicalAnd(either, tf.less(x, 0)), tf.square(x), times(x, tf.greaterEqual(x, 0.5)));
  },
  equal: (x) => times(x, tf.equal(x, x)),
  'avgPool of overlapping places': (x) => tf.avgPool(x, 3, 2, 'same'),
  tile: (x) => tf.mul(tf.tile(x, [1, 2, 1, 3]), tf.tile(x, [1, 2, 1, 3])),
  cumsum: (x) => tf.cumsum(x, 2),
  'mirrorPad with the border': (x) => tf.mirrorPad(x, [none, [2, 1], [0, 3], none], 'symmetric'),
  'the filter and the image at once': (x) => tf.conv2d(x, smallFilter(x), 1, 'same'),
  'the filter of a transposed convolution': (x) =>
    tf.conv2dTranspose(x, smallFilter(x), [1, 8, 8, 4], 2, 'same'),
};

export const ours: OpTable = {
  addBias: (x) => addBias(tf.square(x), tf.mean(x, [0, 1, 2])),
  'firFilter with pad 1': (x) => firFilter(x, 1, 2),
  'firFilter with pad 2': (x) => firFilter(x, 2, 1),
  firUpsample2: (x) => firUpsample2(x),
  firDownsample2: (x) => firDownsample2(x),
  lrelu: (x) => lrelu(x),
  sigmoidSafe: (x) => sigmoidSafe(x),
  softplusStable: (x) => softplusStable(x),
  upsample2: (x) => upsample2(x),
  downsample2: (x) => downsample2(x),
  pixelShuffle: (x) => pixelShuffle(x, 2),
};

/** Right the first time; throws the second. */
export const throwingTwice: OpTable = {
  depthwiseConv2d: (x) => tf.depthwiseConv2d(x, kernel([3, 3, 4, 1]) as tf.Tensor4D, 1, 'same'),
  conv3d: (x) =>
    tf.conv3d(volume(x), tf.reshape(kernel([2, 2, 2, 1]), [2, 2, 2, 1, 1]) as tf.Tensor5D, 1, 'same'),
  dilation2d: (x) => tf.dilation2d(x, tf.reshape(kernel([3, 3, 4, 1]), [3, 3, 4]) as tf.Tensor3D, 1, 'same'),
  resizeBilinear: (x) => tf.image.resizeBilinear(x, [8, 8]),
  resizeNearestNeighbor: (x) => tf.image.resizeNearestNeighbor(x, [8, 8]),
  maxPool: (x) => tf.maxPool(x, 2, 2, 'valid'),
  maxPool3d: (x) => tf.maxPool3d(volume(x), 2, 2, 'valid'),
  avgPool3d: (x) => tf.avgPool3d(volume(x), 2, 2, 'valid'),
  localResponseNormalization: (x) => tf.localResponseNormalization(x, 2),
  prod: (x) => tf.prod(x, 3),
};

/** Has no gradient in tfjs, and says so. */
export const withoutGradient: OpTable = {
  depthToSpace: (x) => tf.depthToSpace(x, 2),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 0, 0], [1, 4, 4, 4], [1, 2, 2, 1]),
  einsum: (x) => tf.einsum('bhwc,cd->bhwd', x, tf.ones([4, 2])),
  cumprod: (x) => tf.cumprod(x, 1),
  gatherND: (x) => tf.gatherND(x, tf.tensor2d([0, 1, 2, 3], [1, 4], 'int32')),
  topk: (x) => tf.topk(x, 2).values,
  'conv2d with dilation': (x) => tf.conv2d(x, filter(), 1, 'same', 'NHWC', 2),
  'abs of complex numbers': (x) => tf.abs(tf.complex(x, x)),
};

/** Right the first time and silently wrong the second, with no kernel of its own to repair. Never use under a second-order path. */
export const wrongTwice: OpTable = {
  logSoftmax: (x) => tf.logSoftmax(x),
  'losses.softmaxCrossEntropy': (x) =>
    tf.losses.softmaxCrossEntropy(
      tf.softmax(tf.sin(rows(tf.range(0, 64)))),
      rows(x),
      undefined,
      undefined,
      tf.Reduction.NONE,
    ),
};

/** Wrong the first time: piecewise constant, but has the gradient of div, on which tfjs's division of int32 relies. Never use. */
export const wrongAtOnce: OpTable = { floorDiv: (x) => tf.mul(tf.floorDiv(x, positive(x)), x) };
