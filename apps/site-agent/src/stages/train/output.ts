import type { Transfer } from '@synspine/gan';
import type { TrainingCurve } from '@synspine/protocol';
import type { Snapshot } from './snapshots.ts';

/** The chosen generator, inside the stage's result. */
export const GENERATOR_FILE = 'generator.safetensors';

/** Samples of it as they were drawn at training, to know it again: see generator-probe.ts. */
export const PROBE_FILE = 'probe.u8';

export type TrainOutput = {
  /** When the chosen snapshot was taken. */
  imagesShown: number;
  /** How many it was to show; absent in results of an agent that kept none. */
  imagesPlanned?: number;
  /** When training ended: earlier than asked for when its snapshots began to copy. */
  stoppedAt: number;
  /** The judge's AUC on the validation films; null without a judge. */
  judgeAuc: number | null;
  chosen: Snapshot;
  /** Version of the preset; absent in results of Synspine 0.1.0. */
  presetVersion?: number;
  /** Quality along the training against validation films; null with too few of them, or where no snapshot was measured. */
  curve?: TrainingCurve | null;
  /** Shares of the networks that came from the weights it started from; null where it started from none. */
  transfer: Transfer | null;
};
