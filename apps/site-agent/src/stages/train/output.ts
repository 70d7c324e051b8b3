import type { Transfer } from '@synspine/gan';
import type { Snapshot } from './snapshots.ts';

/** The chosen generator, inside the stage's result. */
export const GENERATOR_FILE = 'generator.safetensors';

/** Samples of it as they were drawn at training, to know it again: see generator-probe.ts. */
export const PROBE_FILE = 'probe.u8';

export type TrainOutput = {
  /** When the chosen snapshot was taken. */
  imagesShown: number;
  /** When training ended: earlier than asked for when its snapshots began to copy. */
  stoppedAt: number;
  /** The judge's AUC on the validation films; null without a judge. */
  judgeAuc: number | null;
  chosen: Snapshot;
  /** Shares of the networks that came from the weights it started from; null where it started from none. */
  transfer: Transfer | null;
};
