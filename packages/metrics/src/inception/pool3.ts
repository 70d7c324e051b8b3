import { addBias, tf } from '@synspine/compute';

/** Filters [height, width, in, out] and biases [out] of each layer, batch norm folded in. */
export type InceptionWeights = { [layer: string]: { filter: tf.Tensor4D; bias: tf.Tensor1D } };

type Joined = { layers: string[]; widths: number[] };

const wide = (pool: number): Joined => fourBranches(64, 48, 64, pool);
const factored = (inner: number): Joined => fourBranches(192, inner, inner, 192);

function fourBranches(...widths: number[]): Joined {
  return { layers: ['conv', 'tower.conv', 'tower_1.conv', 'tower_2.conv'], widths };
}

/** The 1×1 convolutions that read a block's input, in the order in which the joined layer holds their outputs. */
export const pointwiseLayers: Record<string, Joined> = {
  mixed: wide(32),
  mixed_1: wide(64),
  mixed_2: wide(64),
  mixed_4: factored(128),
  mixed_5: factored(160),
  mixed_6: factored(160),
  mixed_7: factored(192),
  mixed_8: { layers: ['tower.conv', 'tower_1.conv'], widths: [192, 192] },
  mixed_9: {
    layers: ['conv', 'tower_conv', 'tower_1_conv', 'tower_2_conv'],
    widths: [320, 384, 448, 192],
  },
  mixed_10: { layers: ['conv', 'tower_conv', 'tower_1_conv'], widths: [320, 384, 448] },
};

/**
 * Pool3 features of the FID Inception, the graph of 2015-12-05 (Szegedy et al. 2016, as TensorFlow's image tutorial froze it).
 * `images` in [−1, 1], [batch, 299, 299, 3] → [batch, 2048]. Average pools leave padding out; the last block pools by maximum.
 */
export function pool3(weights: InceptionWeights, images: tf.Tensor4D): tf.Tensor2D {
  const run = layerRunner(weights);
  let x = run(images, 'conv', 2, 'valid'); // [b, 149, 149, 32]
  x = run(x, 'conv_1', 1, 'valid');
  x = run(x, 'conv_2');
  x = tf.maxPool(x, 3, 2, 'valid'); // [b, 73, 73, 64]
  x = run(x, 'conv_3');
  x = run(x, 'conv_4', 1, 'valid');
  x = tf.maxPool(x, 3, 2, 'valid'); // [b, 35, 35, 192]
  for (const block of ['mixed', 'mixed_1', 'mixed_2']) x = wideBlock(run, x, block); // [b, 35, 35, 288]
  x = firstReduction(run, x, 'mixed_3'); // [b, 17, 17, 768]
  for (const block of ['mixed_4', 'mixed_5', 'mixed_6', 'mixed_7']) x = factoredBlock(run, x, block);
  x = secondReduction(run, x, 'mixed_8'); // [b, 8, 8, 1280]
  x = averageForkedBlock(run, x, 'mixed_9'); // [b, 8, 8, 2048]
  x = maximumForkedBlock(run, x, 'mixed_10');
  return tf.mean(x, [1, 2]);
}

type Padding = 'same' | 'valid';
type Run = ReturnType<typeof layerRunner>;

function layerRunner(weights: InceptionWeights) {
  const convolve = (x: tf.Tensor4D, name: string, stride: number, padding: Padding): tf.Tensor4D => {
    const { filter, bias } = weights[name]!;
    return addBias(tf.conv2d(x, filter, stride, padding), bias);
  };
  const layer = (x: tf.Tensor4D, name: string, stride = 1, padding: Padding = 'same') =>
    tf.relu(convolve(x, name, stride, padding));
  /** Outputs of the block's joined 1×1 convolutions, not yet rectified. */
  const pointwise = (x: tf.Tensor4D, block: string) =>
    tf.split(convolve(x, `${block}.pointwise`, 1, 'valid'), pointwiseLayers[block]!.widths, 3);
  return Object.assign(layer, { pointwise });
}

/**
 * The pooled branch is average pool, 1×1 convolution, bias, ReLU. Both linear steps commute, as the pool averages real pixels only,
 * so the pool runs last, on the fewer channels that the convolution leaves.
 */
function pooledBranch(convolved: tf.Tensor4D): tf.Tensor4D {
  return tf.relu(tf.avgPool(convolved, 3, 1, 'same'));
}

function wideBlock(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const [direct, five, three, pooled] = run.pointwise(x, block) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  const double = run(tf.relu(three), `${block}.tower_1.conv_1`);
  return tf.concat(
    [
      tf.relu(direct),
      run(tf.relu(five), `${block}.tower.conv_1`),
      run(double, `${block}.tower_1.conv_2`),
      pooledBranch(pooled),
    ],
    3,
  );
}

function firstReduction(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const tower = run(run(x, `${block}.tower.conv`), `${block}.tower.conv_1`);
  const branches = [
    run(x, `${block}.conv`, 2, 'valid'),
    run(tower, `${block}.tower.conv_2`, 2, 'valid'),
    tf.maxPool(x, 3, 2, 'valid'),
  ];
  return tf.concat(branches, 3);
}

function factoredBlock(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const [direct, seven, twice, pooled] = run.pointwise(x, block) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  let single = tf.relu(seven);
  for (const layer of ['conv_1', 'conv_2']) single = run(single, `${block}.tower.${layer}`);
  let double = tf.relu(twice);
  for (const layer of ['conv_1', 'conv_2', 'conv_3', 'conv_4'])
    double = run(double, `${block}.tower_1.${layer}`);
  return tf.concat([tf.relu(direct), single, double, pooledBranch(pooled)], 3);
}

function secondReduction(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const [three, seven] = run.pointwise(x, block) as [tf.Tensor4D, tf.Tensor4D];
  let tower = tf.relu(seven);
  for (const layer of ['conv_1', 'conv_2']) tower = run(tower, `${block}.tower_1.${layer}`);
  const branches = [
    run(tf.relu(three), `${block}.tower.conv_1`, 2, 'valid'),
    run(tower, `${block}.tower_1.conv_3`, 2, 'valid'),
    tf.maxPool(x, 3, 2, 'valid'),
  ];
  return tf.concat(branches, 3);
}

function averageForkedBlock(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const [direct, single, double, pooled] = run.pointwise(x, block) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  return joinForks(run, block, [direct, single, double], pooledBranch(pooled));
}

function maximumForkedBlock(run: Run, x: tf.Tensor4D, block: string): tf.Tensor4D {
  const [direct, single, double] = run.pointwise(x, block) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const pooled = run(tf.maxPool(x, 3, 1, 'same'), `${block}.tower_2_conv`);
  return joinForks(run, block, [direct, single, double], pooled);
}

/** Two towers of these blocks end in a fork, 1×3 beside 3×1. */
function joinForks(
  run: Run,
  block: string,
  [direct, single, double]: [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D],
  pooled: tf.Tensor4D,
): tf.Tensor4D {
  const fork = (x: tf.Tensor4D, tower: string) =>
    ['mixed_conv', 'mixed_conv_1'].map((layer) => run(x, `${block}.${tower}_${layer}`));
  const deep = run(tf.relu(double), `${block}.tower_1_conv_1`);
  return tf.concat([tf.relu(direct), ...fork(tf.relu(single), 'tower'), ...fork(deep, 'tower_1'), pooled], 3);
}
