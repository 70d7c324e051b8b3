import { ComputeError } from '@synspine/compute';
import { createSampler, GanError, type GanPreset, presets, type Sampler } from '@synspine/gan';
import type { ReleaseManifest } from '@synspine/protocol';
import { readHeader, SAFETENSORS_HEAD_BYTES_MAX, SafetensorsError } from '@synspine/safetensors';
import { ContentFault, demand } from './content-fault.ts';

/**
 * Opens a release's generator: exactly the tensors of the preset that the manifest names, with its classes, all finite, and
 * no text beside them. Throws ContentFault.
 */
export function openWeights(
  weights: Uint8Array,
  manifest: ReleaseManifest,
): { sampler: Sampler; preset: GanPreset } {
  const preset = Object.values(presets).find(({ name }) => name === manifest.preset);
  demand(preset !== undefined, 'CONTENT_PRESET_UNKNOWN');
  demand(preset.resolution === manifest.imageSize, 'CONTENT_WEIGHTS_ARCHITECTURE');
  demand(!hasText(weights), 'CONTENT_WEIGHTS_HEADER');
  try {
    const sampler = createSampler(weights, preset);
    demand(sampler.classCount === manifest.classNames.length, 'CONTENT_WEIGHTS_ARCHITECTURE');
    return { sampler, preset };
  } catch (error) {
    if (error instanceof GanError || error instanceof ComputeError)
      throw new ContentFault('CONTENT_WEIGHTS_ARCHITECTURE');
    throw error;
  }
}

function hasText(weights: Uint8Array): boolean {
  try {
    return readHeader(weights.subarray(0, SAFETENSORS_HEAD_BYTES_MAX), weights.length).hasMetadata;
  } catch (error) {
    if (error instanceof SafetensorsError) throw new ContentFault('CONTENT_WEIGHTS_HEADER');
    throw error;
  }
}
