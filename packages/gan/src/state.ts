import { tf } from '@synspine/compute';
import type { Checkpoint, CheckpointTensor } from './checkpoint.ts';
import { discriminatorSpecs } from './networks/discriminator.ts';
import { generatorSpecs } from './networks/generator.ts';
import { initMoments, type Moments } from './optimizer.ts';
import { countParameters, initParameters } from './parameters.ts';
import type { GanPreset } from './presets.ts';
import { initialAugmentState } from './schedule.ts';
import { hash32, streams } from './seeds.ts';

/** Everything that training changes and that stays on the device between steps. */
export type TrainingState = {
  generator: tf.Tensor1D;
  discriminator: tf.Tensor1D;
  average: tf.Tensor1D; // moving average of the generator: the one that is sampled and released
  generatorMoments: Moments;
  discriminatorMoments: Moments;
  styleAverage: tf.Tensor2D; // [classes, styleDim]
  augment: tf.Tensor1D; // [p, sum of real signs]
  pathLengthMean: tf.Scalar;
};

/** A seed tensor (int32[2]) for one purpose at one step. */
export function stepSeed(seed: number, stream: number, step: number): tf.Tensor1D {
  return tf.tensor1d([hash32(seed, stream, step) | 0, hash32(seed, stream, step, 1) | 0], 'int32');
}

export function createState(preset: GanPreset, classCount: number, seed: number): TrainingState {
  return tf.tidy(() => {
    const [g, d] = [generatorSpecs(preset, classCount), discriminatorSpecs(preset, classCount)];
    const generator = initParameters(g, stepSeed(seed, streams.init, 0));
    return {
      generator,
      discriminator: initParameters(d, stepSeed(seed, streams.init, 1)),
      average: generator.clone(),
      generatorMoments: initMoments(preset, countParameters(g)),
      discriminatorMoments: initMoments(preset, countParameters(d)),
      styleAverage: tf.zeros([classCount, preset.styleDim]),
      augment: tf.tensor1d(initialAugmentState(preset.augment.policy)),
      pathLengthMean: tf.scalar(0),
    };
  });
}

function named(state: TrainingState): [string, tf.Tensor][] {
  const { generatorMoments, discriminatorMoments, ...plain } = state;
  const moments = { generatorMoments, discriminatorMoments };
  const slots = Object.entries(moments).flatMap(([name, m]) =>
    Object.entries(m).map(([slot, tensor]): [string, tf.Tensor] => [`${name}.${slot}`, tensor]),
  );
  return [...Object.entries(plain), ...slots];
}

/** Copies the state to the host, bit for bit. */
export async function downloadState(state: TrainingState): Promise<Record<string, CheckpointTensor>> {
  const entries = await Promise.all(
    named(state).map(async ([name, tensor]): Promise<[string, CheckpointTensor]> => {
      const data = (await tensor.data()) as Float32Array;
      return [name, { shape: [...tensor.shape], data: Float32Array.from(data) }];
    }),
  );
  return Object.fromEntries(entries);
}

/** Copies a checkpoint to the device. Its shapes were checked when it was decoded or made. */
export function uploadState(preset: GanPreset, checkpoint: Checkpoint): TrainingState {
  const blank = createState(preset, checkpoint.classNames.length, 0);
  const load = <T extends tf.Tensor>(name: string): T => {
    const { shape, data } = checkpoint.tensors[name]!;
    return tf.tensor(data, [...shape], 'float32') as T;
  };
  const loadMoments = (name: string, slots: Moments) =>
    Object.fromEntries(Object.keys(slots).map((slot) => [slot, load(`${name}.${slot}`)])) as Moments;
  const state: TrainingState = {
    generator: load('generator'),
    discriminator: load('discriminator'),
    average: load('average'),
    generatorMoments: loadMoments('generatorMoments', blank.generatorMoments),
    discriminatorMoments: loadMoments('discriminatorMoments', blank.discriminatorMoments),
    styleAverage: load('styleAverage'),
    augment: load('augment'),
    pathLengthMean: load('pathLengthMean'),
  };
  tf.dispose(blank);
  return state;
}

/** Shapes of every tensor of a checkpoint, by name. */
export function checkpointShapes(preset: GanPreset, classCount: number): Record<string, number[]> {
  const g = countParameters(generatorSpecs(preset, classCount));
  const d = countParameters(discriminatorSpecs(preset, classCount));
  const slots = preset.beta1 > 0 ? ['second', 'first'] : ['second'];
  return {
    generator: [g],
    discriminator: [d],
    average: [g],
    ...Object.fromEntries(slots.map((slot) => [`generatorMoments.${slot}`, [g]])),
    ...Object.fromEntries(slots.map((slot) => [`discriminatorMoments.${slot}`, [d]])),
    styleAverage: [classCount, preset.styleDim],
    augment: [2],
    pathLengthMean: [],
  };
}
