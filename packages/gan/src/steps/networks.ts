import {
  foldSeed,
  initCompute,
  statelessInt,
  statelessNormal,
  statelessUniform,
  tf,
} from '@synspine/compute';
import { discriminatorSpecs } from '../networks/discriminator.ts';
import { generatorSpecs, mixStyles, repeatStyle, styleCount } from '../networks/generator.ts';
import type { Parameters } from '../networks/layers.ts';
import { mapToStyle } from '../networks/mapping.ts';
import { type AdamSettings, adam, lazySettings, type Moments } from '../optimizer.ts';
import { flatten, type ParameterSpec, unflatten } from '../parameters.ts';
import { type GanPreset, runsSideBySide } from '../presets.ts';

/** A network's part of the state that an optimizer step replaces. */
export type Trained = { parameters: tf.Tensor1D; moments: Moments };

export type Networks = {
  preset: GanPreset;
  generator: ParameterSpec[];
  discriminator: ParameterSpec[];
  generatorAdam: AdamSettings;
  discriminatorAdam: AdamSettings;
  /** Halves of a batch pass the networks side by side, for ops too small to be cut. Costs a tenth where there is one thread. */
  halves: boolean;
  /** In how many parts, one after the other, a batch is shown: more than 1 where memory is short. */
  parts: number;
};

export function describeNetworks(preset: GanPreset, classCount: number, xla: boolean, parts = 1): Networks {
  return {
    parts,
    halves: !xla && runsSideBySide(preset) && initCompute().threads > 1,
    preset,
    generator: generatorSpecs(preset, classCount),
    discriminator: discriminatorSpecs(preset, classCount),
    generatorAdam: lazySettings(preset, preset.pathLength?.interval ?? null),
    discriminatorAdam: lazySettings(preset, preset.r1.interval),
  };
}

/** Value and flat gradient of `loss` with respect to every parameter of `vector`; 0 for those that it doesn't depend on. */
export function differentiate(
  specs: ParameterSpec[],
  vector: tf.Tensor1D,
  loss: (p: Parameters) => tf.Scalar,
): { value: tf.Scalar; gradient: tf.Tensor1D } {
  const byName = unflatten(specs, vector);
  const tensors = specs.map((spec) => byName[spec.name]!);
  return tf.tidy(() => {
    // Not tf.valueAndGrads: it refuses parameters without influence, and R1 doesn't depend on the last bias.
    const { value, grads } = tf.engine().gradients(() => loss(byName), tensors, undefined, true);
    const filled = grads.map((gradient, i) => gradient ?? tf.zerosLike(tensors[i]!));
    return { value: value as tf.Scalar, gradient: flatten(specs, filled) };
  });
}

export function update(
  settings: AdamSettings,
  trained: Trained,
  gradient: tf.Tensor1D,
  corrections: tf.Tensor1D,
): Trained {
  return adam(settings, trained.parameters, gradient, trained.moments, corrections);
}

/** Fresh latents as styles: `w` [b,styleDim] of the first latent, and one style per layer, some images mixing in a second latent. */
export function drawStyles(
  preset: GanPreset,
  p: Parameters,
  label: tf.Tensor2D,
  seed: tf.Tensor1D,
): { w: tf.Tensor2D; styles: tf.Tensor2D[] } {
  const [b] = label.shape;
  const draw = (stream: number) =>
    statelessNormal([b, preset.latentDim], foldSeed(seed, stream)) as tf.Tensor2D;
  const w = mapToStyle(preset, p, draw(0), label);
  if (preset.styleMixing === 0) return { w, styles: repeatStyle(preset, w) };
  const layers = styleCount(preset);
  const mixes = tf.less(statelessUniform([b, 1], foldSeed(seed, 2)), preset.styleMixing);
  const cut = statelessInt([b, 1], foldSeed(seed, 3), 1, layers);
  const cutOrNone = tf.where(mixes, cut, tf.fill([b, 1], layers, 'int32')) as tf.Tensor2D;
  return { w, styles: mixStyles(preset, w, mapToStyle(preset, p, draw(1), label), cutOrNone) };
}

export function augmentStrength(state: tf.Tensor1D): tf.Scalar {
  return tf.reshape(tf.slice(state, [0], [1]), []);
}
