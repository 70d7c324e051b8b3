import { compile, readSafetensors, tf } from '@synspine/compute';
import { oneHot, toBytes } from './batches.ts';
import { releaseShapes, styleAverageName } from './checkpoint.ts';
import { GanError } from './errors.ts';
import { repeatStyle, synthesize } from './networks/generator.ts';
import type { Parameters } from './networks/layers.ts';
import { mapToStyle } from './networks/mapping.ts';
import { type GanPreset, runsSideBySide } from './presets.ts';
import { fillNormals, streams } from './seeds.ts';

export type SampleRequest = {
  labels: Uint8Array; // class of each image
  seed: number;
  /** Truncation: styles move to (1−ψ) of the way to their class's mean. 1 = as trained, less = safer and less varied. */
  psi: number;
  firstIndex?: number; // index of the first image in the endless sequence of `seed`; default 0
};

export type Sampler = {
  classCount: number;
  /** n·size·size bytes. Image i depends only on (seed, firstIndex + i, label, ψ). */
  sample(request: SampleRequest): Uint8Array;
  dispose(): void;
};

/** Larger images are made fewer at a time. 2²⁰ pixels keep a 256 px network's widest layer under 300 MB. */
function slotCount(preset: GanPreset): number {
  return Math.max(4, Math.min(64, 2 ** 20 / preset.resolution ** 2));
}

function uploadWeights(
  weights: Uint8Array,
  preset: GanPreset,
): { parameters: Parameters; styleAverage: tf.Tensor2D } {
  const classCount = readSafetensors(weights).get(styleAverageName)?.shape[0];
  if (!classCount)
    throw new GanError('gan-checkpoint-damaged', 'These are not generator weights of a release.');
  const stored = readSafetensors(weights, releaseShapes(preset, classCount));
  const entries = [...stored].map(
    ([name, { data, shape }]) => [name, tf.tensor(data, shape, 'float32')] as const,
  );
  const { [styleAverageName]: styleAverage, ...parameters } = Object.fromEntries(entries);
  return { parameters, styleAverage: styleAverage as tf.Tensor2D };
}

function createGenerate(preset: GanPreset) {
  const generate = (
    p: Parameters,
    styleAverage: tf.Tensor2D,
    z: tf.Tensor2D,
    label: tf.Tensor2D,
    psi: tf.Scalar,
  ) => {
    const mean = tf.matMul(label, styleAverage);
    const w = mapToStyle(preset, p, z, label);
    const truncated = tf.add(mean, tf.mul(tf.sub(w, mean), psi)) as tf.Tensor2D;
    const parts: tf.Tensor2D[] = runsSideBySide(preset) ? tf.split(truncated, 2) : [truncated]; // two small halves keep two cores busy
    return tf.concat(parts.map((part) => synthesize(preset, p, repeatStyle(preset, part))));
  };
  return compile(generate, { name: 'gan_sample', xla: false });
}

/** z of image `index` in row `index mod slots`, labels likewise; rows outside the request stay zero. */
function fillBlock(request: SampleRequest, preset: GanPreset, block: number, slots: number) {
  const first = request.firstIndex ?? 0;
  const z = new Float32Array(slots * preset.latentDim);
  const labels = new Uint8Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    const index = block * slots + slot;
    labels[slot] = request.labels[index - first] ?? 0;
    fillNormals(
      z.subarray(slot * preset.latentDim, (slot + 1) * preset.latentDim),
      request.seed,
      streams.sample,
      index,
    );
  }
  return { z: tf.tensor2d(z, [slots, preset.latentDim]), labels };
}

/**
 * A generator from released weights. The same weights, seed and labels give the same bytes on the same machine and engine version:
 * image i always sits in row i mod slots of a block of fixed size, so rounding can't depend on how many images were asked for.
 * Errors: those of readSafetensors, gan-checkpoint-damaged.
 */
export function createSampler(weights: Uint8Array, preset: GanPreset): Sampler {
  const { parameters, styleAverage } = uploadWeights(weights, preset);
  const classCount = styleAverage.shape[0];
  const generate = createGenerate(preset);
  const [slots, pixels] = [slotCount(preset), preset.resolution ** 2];
  return {
    classCount,
    sample(request) {
      requireLabels(request.labels, classCount);
      const [first, n] = [request.firstIndex ?? 0, request.labels.length];
      const out = new Uint8Array(n * pixels);
      for (let block = Math.floor(first / slots); block * slots < first + n; block++) {
        const values = tf.tidy(() => {
          const { z, labels } = fillBlock(request, preset, block, slots);
          return generate(
            parameters,
            styleAverage,
            z,
            oneHot(labels, classCount),
            tf.scalar(request.psi),
          ).dataSync();
        });
        const [begin, end] = [Math.max(first, block * slots), Math.min(first + n, (block + 1) * slots)];
        const part = values.subarray((begin - block * slots) * pixels, (end - block * slots) * pixels);
        out.set(toBytes(part), (begin - first) * pixels);
      }
      return out;
    },
    dispose() {
      tf.dispose([parameters, styleAverage]);
      generate.dispose();
    },
  };
}

function requireLabels(labels: Uint8Array, classCount: number): void {
  if (labels.every((label) => label < classCount)) return;
  throw new GanError('gan-bad-data', `A label is beyond the generator's ${classCount} classes.`);
}
