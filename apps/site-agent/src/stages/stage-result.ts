import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeJson } from '../durable-file.ts';
import type { Claim } from '../runs/claim.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { SiteError } from '../site-error.ts';
import type { StageJob, StageName, StageOutcome } from './stage.ts';

/** `stages/NAME/result.json`: present iff the stage is over. */
export type StageResult = StageOutcome & {
  stage: StageName;
  /** Hash of the stage's version, the run's options and the results before it. */
  inputHash: string;
  epoch: number;
  finishedAt: string;
};

const RESULT_FILE = 'result.json';

export function stageFolder(run: RunFolder, stage: StageName): string {
  return join(run.folders.stages, stage);
}

export async function readResult(run: RunFolder, stage: StageName): Promise<StageResult | undefined> {
  return readJson<StageResult>(join(stageFolder(run, stage), RESULT_FILE));
}

/** What an earlier stage handed on. Throws RUN_FILE_DAMAGED when it isn't there. */
export async function outputOf<T>(run: RunFolder, stage: StageName): Promise<T> {
  const result = await readResult(run, stage);
  if (!result) throw new SiteError('RUN_FILE_DAMAGED', `no result of ${stage}`);
  return result.output as T;
}

export async function writeResult(draft: string, result: StageResult): Promise<void> {
  await writeJson(join(draft, RESULT_FILE), result);
}

/** Hash of all that a stage's result depends on; equal hashes make running it again a no-op. */
export async function hashInput(
  run: RunFolder,
  job: StageJob,
  before: readonly StageName[],
): Promise<string> {
  const results = await Promise.all(before.map((stage) => readResult(run, stage)));
  const inputs = results.map((result) => result && { inputHash: result.inputHash, output: result.output });
  const text = JSON.stringify({ stage: job.name, version: job.version, options: run.options, inputs });
  return createHash('sha256').update(text).digest('hex');
}

/** A result for another input (an older agent's, say) makes room, and stays to be looked at. */
export async function putResultAside(
  run: RunFolder,
  stage: StageName,
  { epoch, guard }: Claim,
): Promise<void> {
  const target = stageFolder(run, stage);
  await guard();
  if (existsSync(target)) await rename(target, `${target}.before-${epoch}`);
}
