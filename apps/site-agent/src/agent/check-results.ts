import type { Claim } from '../runs/claim.ts';
import { appendDamage, listDamages } from '../runs/damage.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { SiteError } from '../site-error.ts';
import { stagesBefore } from '../stages/execute-stage.ts';
import type { StageJob, StageName } from '../stages/stage.ts';
import { isDamaged, putResultAside } from '../stages/stage-result.ts';

const DAMAGED_RESULTS_MAX = 16; // of a run; then the disk itself has to be looked at

/**
 * Reads again what a stage is about to build on. What is no longer as it was written is set aside, so that its stage is done
 * again. Answers the first such stage before `job`; with none, `job` can be worked on. Throws RUN_FILE_DAMAGED when it happens over and over.
 */
export async function findDamagedInput(
  run: RunFolder,
  job: StageJob,
  claim: Claim,
): Promise<StageName | undefined> {
  for (const stage of [...stagesBefore(job), job.name]) {
    if (!(await isDamaged(run, stage))) continue;
    await putResultAside(run, stage, claim, 'damaged');
    await appendDamage(run, stage, 'RESULT_DAMAGED');
    const damages = (await listDamages(run)).filter(({ code }) => code === 'RESULT_DAMAGED');
    if (damages.length > DAMAGED_RESULTS_MAX) throw new SiteError('RUN_FILE_DAMAGED', 'again and again');
    if (stage !== job.name) return stage;
  }
  return undefined;
}
