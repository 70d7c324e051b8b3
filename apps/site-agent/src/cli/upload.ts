import type { Command } from 'commander';
import { startAgent } from '../agent/agent.ts';
import { findNextStage } from '../agent/next-stage.ts';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { askReleases, updateRelease } from '../registry/release-progress.ts';
import { listRuns } from '../runs/run-folder.ts';
import { takeUp } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { SiteError } from '../site-error.ts';
import { findIsolation } from '../worker/isolation.ts';
import { findUnfinished } from './cancel.ts';
import { describeSummary } from './describe-summary.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { finishRun } from './run.ts';
import { tellOutcome } from './tell-outcome.ts';

export function addUploadCommand(program: Command): void {
  program
    .command('upload')
    .description('Send the signed release that waits in this home')
    .addOption(homeOption())
    .action(upload);
}

async function upload({ home: folder }: { home: string }): Promise<void> {
  const config = readConfig();
  const home = await openHome(folder);
  const run = await findUnfinished(await listRuns(home));
  if (!run || (await findNextStage(run))?.name !== 'upload') throw new SiteError('NOTHING_TO_UPLOAD');
  await takeUp(run);
  const log = openLog(home, config);
  const agent = await startAgent({ home, config, log, isolation: await findIsolation() });
  await finishRun(agent, run, log);
  const own = await askReleases(home);
  const summary = updateRelease(await summariseRun(run), own);
  process.stdout.write(`${describeSummary(summary, own)}\n`);
  tellOutcome(summary);
}
