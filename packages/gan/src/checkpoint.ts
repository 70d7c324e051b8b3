import { readSafetensors, writeSafetensors } from '@synspine/compute';
import { GanError } from './errors.ts';
import { generatorSpecs } from './networks/generator.ts';
import { splitVector } from './parameters.ts';
import type { GanPreset } from './presets.ts';
import { type JudgedSteps, noJudgedSteps } from './schedule.ts';
import { checkpointShapes } from './state.ts';

export type CheckpointTensor = { shape: readonly number[]; data: Float32Array };

/**
 * Everything needed to go on bit for bit: parameters, moving averages, optimizer slots, ADA state and counters. The data order and all
 * noise follow from `seed` and `step`. Holds the discriminator, from which membership can be read: it never leaves the site.
 */
export type Checkpoint = {
  preset: GanPreset;
  classNames: string[];
  seed: number;
  step: number;
  imagesShown: number;
  lambda: number; // weight of the judge's term at this step
  judgeAccuracy: number | null; // on fakes, smoothed; null before the judge's term began
  judged: JudgedSteps;
  parts?: number; // in which a batch is shown since memory ran out; absent: 1
  tensors: Record<string, CheckpointTensor>;
};

/** What became of the judge's term. A generator is a SpineGAN's only if `imagesShown` is above 0. */
export type JudgeFacts = {
  imagesShown: number; // with λ > 0
  share: number; // of all images shown so far
  lambdaMean: number; // over these; 0 if there are none
  /** Share of these with λ below its schedule, because the judge was surer of fakes than of held-out films. */
  heldShare: number;
};

export function judgeFacts({ preset, step, judged }: Checkpoint): JudgeFacts {
  const { applied, held, lambdaSum } = judged;
  const of = (sum: number, count: number) => (count > 0 ? sum / count : 0);
  return {
    imagesShown: applied * preset.batch,
    share: of(applied, step),
    lambdaMean: of(lambdaSum, applied),
    heldShare: of(held, applied),
  };
}

/** `judged` is absent in those of Synspine 0.1.0. */
type Description = Omit<Checkpoint, 'tensors' | 'judged'> & { judged?: JudgedSteps };

/** One safetensors file; its metadata entry `synspine` holds the counters as JSON. The same checkpoint gives the same bytes. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { tensors, ...description } = checkpoint;
  return writeSafetensors(tensors, { synspine: JSON.stringify(description) });
}

function readMetadata(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + Number(view.getBigUint64(0, true)))),
  );
  try {
    return JSON.parse(header.__metadata__?.synspine ?? 'null');
  } catch {
    throw damaged();
  }
}

function damaged(): GanError {
  return new GanError(
    'gan-checkpoint-damaged',
    'The checkpoint has no valid description. Use an earlier one.',
  );
}

/** The name of the preset that a file says it is a checkpoint of, unchecked. The file must have passed readSafetensors. */
export function peekPreset(bytes: Uint8Array): unknown {
  return (readMetadata(bytes) as { preset?: { name?: unknown } } | null)?.preset?.name;
}

function isDescription(value: unknown): value is Description {
  if (typeof value !== 'object' || value === null) return false;
  const d = value as Record<string, unknown>;
  const counts = [d.seed, d.step, d.imagesShown];
  return (
    typeof d.preset === 'object' &&
    d.preset !== null &&
    typeof d.lambda === 'number' &&
    (d.judgeAccuracy === null || typeof d.judgeAccuracy === 'number') &&
    counts.every(Number.isSafeInteger) &&
    isJudgedSteps(d.judged) &&
    (d.parts === undefined || (Number.isSafeInteger(d.parts) && (d.parts as number) > 0)) &&
    Array.isArray(d.classNames) &&
    d.classNames.every((name) => typeof name === 'string')
  );
}

function isJudgedSteps(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { applied, held, lambdaSum } = value as Record<string, unknown>;
  return [applied, held].every(Number.isSafeInteger) && typeof lambdaSum === 'number';
}

/**
 * What goes on must be what began: the same preset in the same version. Errors: gan-checkpoint-mismatch.
 */
export function requireSameTraining(checkpoint: Pick<Checkpoint, 'preset'>, preset: GanPreset): void {
  requirePreset(checkpoint, preset);
  const version = checkpoint.preset.version ?? 1; // Synspine 0.1.0 stated none
  if (version === preset.version) return;
  throw new GanError(
    'gan-checkpoint-mismatch',
    `The checkpoint was trained with version ${version} of ${preset.name}, and this is version ${preset.version}, which trains otherwise. Finish the run with the program that began it, or cancel it and start another, from these weights if you like (--init-from).`,
  );
}

/** Errors: gan-checkpoint-mismatch when it belongs to another network. */
function requirePreset(checkpoint: Pick<Checkpoint, 'preset'>, preset: GanPreset): void {
  const { name, resolution } = checkpoint.preset;
  if (name === preset.name && resolution === preset.resolution) return;
  throw new GanError(
    'gan-checkpoint-mismatch',
    `The checkpoint is of ${name} at ${resolution} px, not of ${preset.name}. Go on with its own preset.`,
  );
}

/**
 * Strict inverse of `encodeCheckpoint`: names, shapes and finiteness are checked against the preset.
 * Errors: gan-checkpoint-damaged, gan-checkpoint-mismatch, and those of readSafetensors.
 */
export function decodeCheckpoint(bytes: Uint8Array, preset: GanPreset): Checkpoint {
  readSafetensors(bytes); // refuses a malformed file before its metadata is looked at
  const description = readMetadata(bytes);
  if (!isDescription(description)) throw damaged();
  requirePreset(description, preset);
  const tensors = readSafetensors(bytes, checkpointShapes(preset, description.classNames.length));
  return { judged: noJudgedSteps, ...description, tensors: Object.fromEntries(tensors) };
}

export const styleAverageName = 'style-average';

/** Names and shapes of a release's weights. The class names are in the release's manifest. */
export function releaseShapes(preset: GanPreset, classCount: number): Record<string, readonly number[]> {
  const specs = generatorSpecs(preset, classCount).map((spec) => [spec.name, spec.shape] as const);
  return { ...Object.fromEntries(specs), [styleAverageName]: [classCount, preset.styleDim] };
}

/**
 * What may be released of a checkpoint: the averaged generator and one mean style per class, as safetensors. No discriminator, no
 * optimizer state, no seed of the data's order.
 */
export function generatorWeights(checkpoint: Checkpoint): Uint8Array {
  const { preset, classNames, tensors } = checkpoint;
  const average = splitVector(generatorSpecs(preset, classNames.length), tensors.average!.data);
  return writeSafetensors({ ...average, [styleAverageName]: tensors.styleAverage! });
}
