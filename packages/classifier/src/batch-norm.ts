import { batchNormByBatch, tf } from '@synspine/compute';
import type { Architecture, TensorMap } from './architecture.ts';

/** Applies the batch norm of this name. */
export type Normalise = (x: tf.Tensor4D, name: string) => tf.Tensor4D;

type Body = (parameters: TensorMap, images: tf.Tensor4D, normalise: Normalise) => tf.Tensor2D;

/** The shapes of one batch norm's weights: trained are gain and bias, measured are mean and variance. */
export function normShapes(name: string, channels: number): Record<string, number[]> {
  return Object.fromEntries(
    ['gain', 'bias', 'mean', 'variance'].map((kind) => [`${name}.${kind}`, [channels]]),
  );
}

/** Measured, not trained: mean and variance of a batch norm's input. */
export const isStatistic = (name: string): boolean => /\.(mean|variance)$/.test(name);

/**
 * A network with batch norm (Ioffe & Szegedy 2015) in its three uses: with stored statistics to judge with, an image
 * at a time like many; with the batch's own to train with; and to measure what to store.
 */
export function withBatchNorm(
  body: Body,
  epsilon: number,
): Pick<Architecture, 'logits' | 'trainingLogits' | 'statistics'> {
  const take = (parameters: TensorMap, name: string) => parameters[name] as tf.Tensor1D;
  return {
    logits: (parameters, images) =>
      body(parameters, images, (x, name) => {
        const [gain, bias, mean, variance] = ['gain', 'bias', 'mean', 'variance'].map((kind) =>
          take(parameters, `${name}.${kind}`),
        ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
        return tf.batchNorm4d(x, mean, variance, bias, gain, epsilon);
      }),
    trainingLogits: (parameters, images) =>
      body(parameters, images, (x, name) =>
        batchNormByBatch(x, take(parameters, `${name}.gain`), take(parameters, `${name}.bias`), epsilon),
      ),
    statistics(parameters, images) {
      const measured: Record<string, tf.Tensor> = {};
      body(parameters, images, (x, name) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        Object.assign(measured, { [`${name}.mean`]: mean, [`${name}.variance`]: variance });
        const [gain, bias] = [take(parameters, `${name}.gain`), take(parameters, `${name}.bias`)];
        return tf.batchNorm4d(x, mean as tf.Tensor1D, variance as tf.Tensor1D, bias, gain, epsilon);
      });
      return measured;
    },
  };
}
