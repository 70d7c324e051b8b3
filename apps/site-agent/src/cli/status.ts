import { describeWait } from '@synspine/protocol';
import type { Command } from 'commander';
import { findNextStage } from '../agent/next-stage.ts';
import { readLines } from '../durable-file.ts';
import { openHome } from '../home.ts';
import {
  askReleases,
  describeRelease,
  type OwnReleases,
  updateRelease,
} from '../registry/release-progress.ts';
import { DAMAGES, listDamages } from '../runs/damage.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { readState, waitOfRun } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import type { ProgressLine } from './follow-progress.ts';
import { homeOption } from './home-option.ts';

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('Say what the runs of this home are doing')
    .addOption(homeOption())
    .option('--json', 'as JSON')
    .action(status);
}

async function status({ home: folder, json }: { home: string; json?: boolean }): Promise<void> {
  const home = await openHome(folder);
  const own = await askReleases(home);
  const runs = await Promise.all((await listRuns(home)).map((run) => describeRun(run, own)));
  if (json) return void process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
  if (runs.length === 0)
    return void process.stdout.write('No run yet. Start one with `synspine-site run`.\n');
  for (const run of runs)
    process.stdout.write(`${[describeLine(run, own), ...describeDamages(run)].join('\n')}\n`);
}

type Described = Awaited<ReturnType<typeof describeRun>>;

async function describeRun(run: RunFolder, own: OwnReleases | null) {
  const state = await readState(run);
  const stage = (await findNextStage(run))?.name ?? null;
  const lines = await readLines<ProgressLine>(run.files.progress);
  const progress = lines.findLast((line) => line.stage === stage) ?? null;
  const { release, audit, outcome } = updateRelease(await summariseRun(run), own);
  return {
    runId: run.runId,
    createdAt: run.createdAt,
    options: run.options,
    ...state,
    waiting: waitOfRun(state) ?? null,
    outcome,
    stage,
    progress,
    audit,
    release,
    damages: await listDamages(run),
  };
}

function describeLine(
  { runId, status, stage, progress, code, release, waiting }: Described,
  own: OwnReleases | null,
): string {
  const share = progress ? ` ${Math.round(progress.share * 100)} %` : '';
  const at = status === 'running' || status === 'failed' ? ` at ${stage}${share}` : '';
  const wait = waiting ? `  ${describeWait(waiting)}` : '';
  const version = release ? `  ${describeRelease(release, own)}` : '';
  return `${runId}  ${status}${at}${code && !waiting ? ` (${code})` : ''}${wait}${version}`;
}

function describeDamages({ damages }: Described): string[] {
  return damages.map(({ at, stage, code }) => `  ${at}  ${stage}: ${DAMAGES[code] ?? code} (${code})`);
}
