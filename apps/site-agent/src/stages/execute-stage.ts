import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { appendLine, publishFolder } from '../durable-file.ts';
import { pipeline } from '../pipeline.ts';
import type { StageContext, StageJob } from './stage.ts';
import { hashInput, readResult, type StageResult, stageFolder, writeResult } from './stage-result.ts';

export type ExecuteContext = Omit<StageContext, 'draft' | 'report'> & { epoch: number };

/**
 * Runs a stage and publishes its folder in one rename, unless it has a result for the same input already.
 * Throws CLAIM_OUTDATED when the run was taken over meanwhile; then nothing of it is left.
 */
export async function executeStage(job: StageJob, context: ExecuteContext): Promise<StageResult> {
  const { run, epoch, guard } = context;
  const inputHash = await hashInput(run, job, stagesBefore(job));
  const earlier = await readResult(run, job.name);
  if (earlier?.inputHash === inputHash) return earlier;
  if (earlier) await putAside(job, context);
  const draft = join(run.folders.drafts, `${job.name}.${epoch}`);
  await rm(draft, { recursive: true, force: true }); // what this claim left when its process died
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const report = reporter(job, context);
  const work = await job.load();
  const outcome = await work({ ...context, draft, report });
  const result: StageResult = {
    ...outcome,
    stage: job.name,
    inputHash,
    epoch,
    finishedAt: new Date().toISOString(),
  };
  await writeResult(draft, result);
  await publishFolder(draft, stageFolder(run, job.name), guard);
  return result;
}

function stagesBefore(job: StageJob) {
  return pipeline.slice(0, pipeline.indexOf(job)).map(({ name }) => name);
}

/** A result for another input (an older agent's, say) makes room, and stays to be looked at. */
async function putAside(job: StageJob, { run, epoch, guard }: ExecuteContext): Promise<void> {
  const target = stageFolder(run, job.name);
  await guard();
  if (existsSync(target)) await rename(target, `${target}.before-${epoch}`);
}

function reporter(job: StageJob, { run, epoch, guard }: ExecuteContext): StageContext['report'] {
  return async (progress) => {
    await guard();
    await appendLine(run.files.progress, {
      at: new Date().toISOString(),
      stage: job.name,
      epoch,
      ...progress,
    });
  };
}
