import { appendLine, readLines } from '../durable-file.ts';
import type { StageName } from '../stages/stage.ts';
import type { RunFolder } from './run-folder.ts';

/** What of a run's files the disk can spoil, and what became of the run. */
export const DAMAGES = {
  CHECKPOINT_DAMAGED: 'A checkpoint was damaged; training went on from the one before.',
  SNAPSHOT_DAMAGED: 'A generator of the training was damaged; it is not among those to choose from.',
  JUDGE_DAMAGED: 'The judge was damaged; it was trained again.',
  RESULT_DAMAGED: 'A stage’s result was damaged; the stage was done again.',
} as const satisfies Record<string, string>;

export type DamageCode = keyof typeof DAMAGES;
/** Called once for each file that was found damaged and set aside. */
export type TellDamage = (code: DamageCode) => Promise<void>;

/** A line of the run's damages.jsonl. The file itself stays beside its place, under a name with `damaged` in it. */
export type Damage = { at: string; stage: StageName; code: DamageCode };

export async function appendDamage(run: RunFolder, stage: StageName, code: DamageCode): Promise<void> {
  await appendLine(run.files.damages, { at: new Date().toISOString(), stage, code } satisfies Damage);
}

/** Oldest first. */
export function listDamages(run: RunFolder): Promise<Damage[]> {
  return readLines<Damage>(run.files.damages);
}
