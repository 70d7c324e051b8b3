import { writeFileSync } from 'node:fs';
import { tf, writeSafetensors } from '../../packages/compute/src/index.ts';
import { oneHot } from '../../packages/gan/src/batches.ts';
import { discriminate, discriminatorSpecs } from '../../packages/gan/src/networks/discriminator.ts';
import { generatorSpecs, repeatStyle, synthesize } from '../../packages/gan/src/networks/generator.ts';
import { mapToStyle } from '../../packages/gan/src/networks/mapping.ts';
import { unflatten } from '../../packages/gan/src/parameters.ts';
import type { GanPreset } from '../../packages/gan/src/presets.ts';
import type { TrainingState } from '../../packages/gan/src/state.ts';

const count = 8; // images compared

/**
 * One safetensors file: `g.*` and `d.*`, our weights as they are now; `z` and `label`, inputs; and what our networks give for them:
 * `images` [8,r,r,1], `logits` [8] of those images, `slope` = ∂Σlogits/∂images (what R1 penalises).
 */
export async function exportReference(
  preset: GanPreset,
  state: TrainingState,
  classCount: number,
  path: string,
) {
  const g = unflatten(generatorSpecs(preset, classCount), state.generator);
  const d = unflatten(discriminatorSpecs(preset, classCount), state.discriminator);
  const z = tf.randomNormal([count, preset.latentDim], 0, 1, 'float32', 7) as tf.Tensor2D;
  const label = oneHot(
    Array.from({ length: count }, (_, i) => i % classCount),
    classCount,
  );
  const images = synthesize(preset, g, repeatStyle(preset, mapToStyle(preset, g, z, label)));
  const total = (x: tf.Tensor) => tf.sum(discriminate(preset, d, x as tf.Tensor4D, label)) as tf.Scalar;
  const named = (prefix: string, tensors: Record<string, tf.Tensor>) =>
    Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const);
  const results = {
    z,
    label,
    images,
    logits: discriminate(preset, d, images, label),
    slope: tf.grad(total)(images),
  };
  const entries = [...named('g', g), ...named('d', d), ...Object.entries(results)];
  const stored = entries.map(
    ([name, t]) => [name, { shape: t.shape, data: t.dataSync() as Float32Array }] as const,
  );
  writeFileSync(path, writeSafetensors(Object.fromEntries(stored), {}));
  tf.dispose([g, d, results]);
}
