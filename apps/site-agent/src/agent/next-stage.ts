import { pipeline } from '../pipeline.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { StageJob } from '../stages/stage.ts';
import { hashInput, readResult } from '../stages/stage-result.ts';

/**
 * The first stage of the run that has no result for its present input, or one that stopped the run: nothing comes after that. undefined
 * when all are done.
 */
export async function findNextStage(run: RunFolder): Promise<StageJob | undefined> {
  for (const [i, job] of pipeline.entries()) {
    const result = await readResult(run, job.name);
    const before = pipeline.slice(0, i).map(({ name }) => name);
    const isStopped = result?.kind === 'stopped';
    if (isStopped || result?.inputHash !== (await hashInput(run, job, before))) return job;
  }
  return undefined;
}
