import { tf } from '@synspine/compute';

/** Running means: `second` of the squared gradient, `first` of the gradient (only when β₁ > 0). Each as long as the parameters. */
export type Moments = Readonly<Record<string, tf.Tensor1D>>;

export type AdamSettings = { learningRate: number; beta1: number; beta2: number; epsilon: number };

/** A network with a lazy regulariser takes k+1 optimizer steps where it would take k: keep the pace per image. k = interval. */
export function lazySettings(settings: AdamSettings, interval: number | null): AdamSettings {
  if (interval === null) return settings;
  const ratio = interval / (interval + 1);
  return {
    ...settings,
    learningRate: settings.learningRate * ratio,
    beta1: settings.beta1 ** ratio,
    beta2: settings.beta2 ** ratio,
  };
}

export function initMoments(settings: AdamSettings, size: number): Moments {
  const second = tf.zeros([size]) as tf.Tensor1D;
  return settings.beta1 > 0 ? { second, first: tf.zeros([size]) as tf.Tensor1D } : { second };
}

/** 1/(1−βᵗ) for the two moments after `updates` updates, this one included. Computed on the host in double precision. [2] */
export function biasCorrections(settings: AdamSettings, updates: number): [number, number] {
  return [1 / (1 - settings.beta1 ** updates), 1 / (1 - settings.beta2 ** updates)];
}

/** Adam (arXiv:1412.6980) on one parameter vector. `corrections` are `biasCorrections`. */
export function adam(
  settings: AdamSettings,
  parameters: tf.Tensor1D,
  gradient: tf.Tensor1D,
  moments: Moments,
  corrections: tf.Tensor1D,
): { parameters: tf.Tensor1D; moments: Moments } {
  const { learningRate, beta1, beta2, epsilon } = settings;
  const blend = (old: tf.Tensor, value: tf.Tensor, beta: number) =>
    tf.add(tf.mul(old, beta), tf.mul(value, 1 - beta)) as tf.Tensor1D;
  const second = blend(moments.second!, tf.square(gradient), beta2);
  const first = moments.first ? blend(moments.first, gradient, beta1) : undefined;
  const direction = first ? tf.mul(first, tf.slice(corrections, [0], [1])) : gradient;
  const size = tf.add(tf.sqrt(tf.mul(second, tf.slice(corrections, [1], [1]))), epsilon);
  const step = tf.mul(tf.div(direction, size), learningRate);
  return { parameters: tf.sub(parameters, step), moments: first ? { second, first } : { second } };
}
