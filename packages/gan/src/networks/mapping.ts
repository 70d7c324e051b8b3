import { lrelu, tf } from '@synspine/compute';
import { denseSpecs, type ParameterSpec } from '../parameters.ts';
import type { GanPreset } from '../presets.ts';
import { dense, normalizeMoment, type Parameters } from './layers.ts';

export function mappingSpecs(preset: GanPreset, classCount: number): ParameterSpec[] {
  const { latentDim, styleDim, mappingLayers, mappingLearningRateMultiplier: multiplier } = preset;
  const embedded = preset.labelInput === 'embedded';
  const label = embedded ? denseSpecs('mapping.label', classCount, latentDim) : [];
  const layers = Array.from({ length: mappingLayers }, (_, i) => {
    const inputs = i === 0 ? latentDim + (embedded ? latentDim : classCount) : styleDim;
    return denseSpecs(`mapping.${i}`, inputs, styleDim, multiplier);
  });
  return [...label, ...layers.flat()];
}

/** Latent z [b,latentDim] and one-hot label [b,classes] → style w [b,styleDim]. */
export function mapToStyle(
  preset: GanPreset,
  p: Parameters,
  z: tf.Tensor2D,
  label: tf.Tensor2D,
): tf.Tensor2D {
  const embedded = preset.labelInput === 'embedded';
  const condition = embedded ? normalizeMoment(dense(p, 'mapping.label', label)) : label;
  let w = tf.concat([normalizeMoment(z), condition], 1);
  for (let i = 0; i < preset.mappingLayers; i++) {
    w = lrelu(dense(p, `mapping.${i}`, w, preset.mappingLearningRateMultiplier));
  }
  return w;
}
