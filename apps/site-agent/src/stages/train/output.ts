import type { Candidate } from './select-snapshot.ts';

/** The chosen generator, inside the stage's result. */
export const GENERATOR_FILE = 'generator.safetensors';

export type TrainOutput = {
  /** When the chosen snapshot was taken. */
  imagesShown: number;
  /** When training ended: earlier than asked for when its snapshots began to copy. */
  stoppedAt: number;
  /** The judge's AUC on the validation films; null without a judge. */
  judgeAuc: number | null;
  chosen: Candidate;
};
