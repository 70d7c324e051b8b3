import { readSafetensors, tf } from '@synspine/compute';
import { type CheckpointTensor, decodeCheckpoint, peekPreset, styleAverageName } from './checkpoint.ts';
import { GanError } from './errors.ts';
import { discriminatorSpecs } from './networks/discriminator.ts';
import { generatorSpecs } from './networks/generator.ts';
import { countParameters, type ParameterSpec, sizeOf, splitVector } from './parameters.ts';
import { type GanPreset, presets } from './presets.ts';
import type { TrainingState } from './state.ts';

type NamedTensors = Readonly<Record<string, CheckpointTensor>>;

/** Weights to start a training from, by name: those of a release, and its discriminator's where a checkpoint was kept. */
export type StartWeights = { generator: NamedTensors; discriminator: NamedTensors };

/** Share of each network's parameters that are taken over; the others start fresh. */
export type Transfer = { generatorShare: number; discriminatorShare: number };

// Less of the generator, and what is left of its images isn't worth a start: then a mistake is likelier than a plan.
const shareMin = 0.5;

/**
 * Reads a release's generator, or a checkpoint of `preset` or of one that comes with the package (its averaged generator, as released).
 * Trusts nothing in it. Errors: those of readSafetensors, gan-checkpoint-damaged, gan-checkpoint-mismatch.
 */
export function decodeStart(bytes: Uint8Array, preset: GanPreset): StartWeights {
  const tensors = readSafetensors(bytes);
  if (tensors.has(styleAverageName)) return { generator: Object.fromEntries(tensors), discriminator: {} };
  const name = peekPreset(bytes);
  const own = [preset, ...Object.values(presets)].find((known) => known.name === name) ?? preset;
  const checkpoint = decodeCheckpoint(bytes, own);
  const classCount = checkpoint.classNames.length;
  const { average, discriminator, styleAverage } = checkpoint.tensors;
  return {
    generator: {
      ...splitVector(generatorSpecs(own, classCount), average!.data),
      [styleAverageName]: styleAverage!,
    },
    discriminator: splitVector(discriminatorSpecs(own, classCount), discriminator!.data),
  };
}

function matches({ name, shape }: Pick<ParameterSpec, 'name' | 'shape'>, from: NamedTensors): boolean {
  return Object.hasOwn(from, name) && from[name]!.shape.join() === shape.join();
}

function shareOf(specs: ParameterSpec[], from: NamedTensors): number {
  return countParameters(specs.filter((spec) => matches(spec, from))) / countParameters(specs);
}

/**
 * What a network of `preset` for so many classes would take from `start`: every tensor of the same name and shape. Another number of
 * classes leaves out the layers that see the label, another resolution the blocks that are new. Errors: gan-other-network.
 */
export function planTransfer(start: StartWeights, preset: GanPreset, classCount: number): Transfer {
  const generatorShare = shareOf(generatorSpecs(preset, classCount), start.generator);
  const discriminatorShare = shareOf(discriminatorSpecs(preset, classCount), start.discriminator);
  if (generatorShare >= shareMin) return { generatorShare, discriminatorShare };
  throw new GanError(
    'gan-other-network',
    `Only ${Math.floor(100 * generatorShare)} % of ${preset.name}'s generator is in these weights; at least ${100 * shareMin} % are wanted. Start from weights of the same preset.`,
  );
}

/** `fresh` with what `from` has for it. [n] → [n] */
function overwrite(specs: ParameterSpec[], fresh: tf.Tensor1D, from: NamedTensors): tf.Tensor1D {
  const data = Float32Array.from(fresh.dataSync());
  let offset = 0;
  for (const spec of specs) {
    if (matches(spec, from)) data.set(from[spec.name]!.data, offset);
    offset += sizeOf(spec.shape);
  }
  return tf.tensor1d(data);
}

/** A fresh state whose networks start from those weights; optimizer slots and counters stay at 0. `fresh` is consumed. */
export function startFromWeights(
  fresh: TrainingState,
  start: StartWeights,
  preset: GanPreset,
  classCount: number,
): TrainingState {
  planTransfer(start, preset, classCount);
  const generator = overwrite(generatorSpecs(preset, classCount), fresh.generator, start.generator);
  const discriminator = overwrite(
    discriminatorSpecs(preset, classCount),
    fresh.discriminator,
    start.discriminator,
  );
  const { styleAverage } = fresh;
  const named = { name: styleAverageName, shape: styleAverage.shape };
  const known = matches(named, start.generator) ? start.generator[styleAverageName]!.data : null;
  const state = {
    ...fresh,
    generator,
    discriminator,
    average: generator.clone(),
    styleAverage: known ? tf.tensor2d(known, styleAverage.shape) : styleAverage.clone(),
  };
  tf.dispose([fresh.generator, fresh.discriminator, fresh.average, styleAverage]);
  return state;
}
