import { existsSync } from 'node:fs';
import { describeWait } from '@synspine/protocol';
import type { Command } from 'commander';
import { findNextStage } from '../agent/next-stage.ts';
import { readLines } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import {
  askReleases,
  describeRelease,
  type OwnReleases,
  updateRelease,
} from '../registry/release-progress.ts';
import { DAMAGES, listDamages } from '../runs/damage.ts';
import { cancelFileOf, listDamagedRuns, listRuns, type RunFolder } from '../runs/run-folder.ts';
import { outcomeOf, readState, waitOfRun } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { nextStepOf } from '../site-error.ts';
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
  const damaged = (await listDamagedRuns(home)).map((runId) => describeDamaged(home, runId));
  if (json) return void process.stdout.write(`${JSON.stringify([...runs, ...damaged], null, 2)}\n`);
  if (runs.length + damaged.length === 0)
    return void process.stdout.write('No run yet. Start one with `synspine-site run`.\n');
  for (const run of runs)
    process.stdout.write(
      `${[describeLine(run, own), ...describeWaiting(run), ...describeDamages(run), ...describeNextStep(run)].join('\n')}\n`,
    );
  for (const run of damaged)
    process.stdout.write(
      `${[`${run.runId}  ${run.status} (${run.code})`, ...describeNextStep(run)].join('\n')}\n`,
    );
}

/** A run whose run.json is damaged. */
function describeDamaged(home: Home, runId: string) {
  const isCancelled = existsSync(cancelFileOf(home, runId));
  const state = isCancelled
    ? ({ status: 'cancelled', code: 'CANCELLED' } as const)
    : ({ status: 'failed', code: 'RUN_FILE_DAMAGED' } as const);
  return { runId, ...state, outcome: outcomeOf(state) };
}

function describeNextStep({ status, code }: { status: string; code: string | null }): string[] {
  const nextStep = status === 'failed' && code === 'RUN_FILE_DAMAGED' ? nextStepOf(code) : undefined;
  return nextStep ? [`  ${nextStep}`] : [];
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
  const version = release ? `  ${describeRelease(release, own)}` : '';
  return `${runId}  ${status}${at}${code && !waiting ? ` (${code})` : ''}${version}`;
}

function describeWaiting({ waiting }: Described): string[] {
  return waiting ? [`  ${describeWait(waiting)}`] : [];
}

function describeDamages({ damages }: Described): string[] {
  return damages.map(({ at, stage, code }) => `  ${at}  ${stage}: ${DAMAGES[code] ?? code} (${code})`);
}
