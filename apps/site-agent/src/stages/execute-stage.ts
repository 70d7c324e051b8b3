import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { appendLine, publishFolder } from '../durable-file.ts';
import { pipeline } from '../pipeline.ts';
import type { StageContext, StageJob, StageName } from './stage.ts';
import {
  hashInput,
  putResultAside,
  readResult,
  type StageResult,
  stageFolder,
  writeResult,
} from './stage-result.ts';

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
  await putResultAside(run, job.name, context, earlier ? 'before' : 'damaged');
  const draft = join(run.folders.drafts, `${job.name}.${epoch}`);
  await rm(draft, { recursive: true, force: true }); // what this claim left when its process died
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const report = reporter(job, context);
  const work = await job.load();
  const outcome = await work({ ...context, draft, report });
  await report({ share: 1 });
  const result = await writeResult(draft, {
    ...outcome,
    stage: job.name,
    inputHash,
    epoch,
    finishedAt: new Date().toISOString(),
  });
  await publishFolder(draft, stageFolder(run, job.name), guard);
  return result;
}

export function stagesBefore(job: StageJob): StageName[] {
  const names = pipeline.map(({ name }) => name);
  return names.slice(0, names.indexOf(job.name));
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
