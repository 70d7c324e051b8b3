import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { writeJson } from '../durable-file.ts';
import type { Claim } from '../runs/claim.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { readValue, sealValue, sha256OfFile } from '../sealed-file.ts';
import { SiteError } from '../site-error.ts';
import type { StageJob, StageName, StageOutcome } from './stage.ts';

/** `stages/NAME/result.json`: present iff the stage is over. */
export type StageResult = StageOutcome & {
  stage: StageName;
  /** Hash of the stage's version, the run's options and the results before it. */
  inputHash: string;
  epoch: number;
  finishedAt: string;
  /** SHA-256 of each file beside this one, by its path from here; absent in results of 0.2. */
  files?: Record<string, string>;
  /** Of the rest of this file. */
  sha256?: string;
};

const RESULT_FILE = 'result.json';

export function stageFolder(run: RunFolder, stage: StageName): string {
  return join(run.folders.stages, stage);
}

/** undefined when the stage isn't over, and when what lies there is damaged: either way the stage is to be done. */
export async function readResult(run: RunFolder, stage: StageName): Promise<StageResult | undefined> {
  const result = await readValue<StageResult>(join(stageFolder(run, stage), RESULT_FILE));
  return result?.stage === stage ? result : undefined;
}

/** What an earlier stage handed on. Throws RUN_FILE_DAMAGED when it isn't there. */
export async function outputOf<T>(run: RunFolder, stage: StageName): Promise<T> {
  const result = await readResult(run, stage);
  if (!result) throw new SiteError('RUN_FILE_DAMAGED', `no result of ${stage}`);
  return result.output as T;
}

/** Writes what the stage came to, with the SHA-256 of all that it left in its draft. */
export async function writeResult(draft: string, result: StageResult): Promise<StageResult> {
  const sealed = sealValue({ ...result, files: await hashFiles(draft) });
  await writeJson(join(draft, RESULT_FILE), sealed);
  return sealed;
}

async function hashFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const hashes: Record<string, string> = {};
  for (const path of paths.sort()) hashes[relative(folder, path)] = await sha256OfFile(path);
  return hashes;
}

/** Whether the stage left something that is no longer as it was written. A stage that isn't over left nothing. */
export async function isDamaged(run: RunFolder, stage: StageName): Promise<boolean> {
  const folder = stageFolder(run, stage);
  if (!existsSync(folder)) return false;
  const result = await readResult(run, stage);
  if (!result) return true;
  for (const [name, sha256] of Object.entries(result.files ?? {})) {
    const found = await sha256OfFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (found !== sha256) return true;
  }
  return false;
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

/** A result for another input (an older agent's, say), or a damaged one, makes room and stays to be looked at. */
export async function putResultAside(
  run: RunFolder,
  stage: StageName,
  { epoch, guard }: Claim,
  why: 'before' | 'damaged' = 'before',
): Promise<void> {
  const target = stageFolder(run, stage);
  await guard();
  if (existsSync(target)) await rename(target, `${target}.${why}-${epoch}`);
}
