import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeDrafts } from '../durable-file.ts';
import { noRoomCode } from '../full-disk.ts';
import { pipeline } from '../pipeline.ts';
import { isTransient } from '../registry/retry.ts';
import { type Claim, claimRun } from '../runs/claim.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import {
  appendFailure,
  changeState,
  outcomeOf,
  readState,
  UNTROUBLED,
  WAIT_MAX_MS,
} from '../runs/run-state.ts';
import { errorCode, SiteError } from '../site-error.ts';
import { executeStage } from '../stages/execute-stage.ts';
import type { StageJob } from '../stages/stage.ts';
import { putResultAside, readResult, type StageResult } from '../stages/stage-result.ts';
import { environmentFor } from '../worker/environment.ts';
import { runWorker } from '../worker/run-worker.ts';
import type { AgentDeps } from './agent.ts';
import { findDamagedInput } from './check-results.ts';
import { watchDamages } from './watch-damages.ts';

/** What the registry says to a release whose version another copy of this home took. */
const OUTDATED_RELEASE: ReadonlySet<string> = new Set(['VERSION_NOT_MONOTONIC', 'RELEASE_EXISTS']);
/** What only a person can put right: trying again at once would change nothing. */
const HOPELESS: ReadonlySet<string> = new Set([
  'OPTION_INVALID',
  'POLICY_MISSING',
  'POLICY_INVALID',
  'AUDIT_NOT_APPROVED',
  'DEMONSTRATION_REFUSED',
  'NOT_ENROLLED',
  'SITE_REVOKED',
  'HOME_TOO_OPEN',
  'RUN_FILE_DAMAGED',
  'GENERATOR_CHANGED',
  'SPINEGAN_WITHOUT_JUDGE',
  'gan-checkpoint-mismatch',
  'INCEPTION_MISSING',
  'COMPUTE_NOT_SET_UP',
  'GPU_REQUIRED',
  'UPGRADE_REQUIRED',
]);
const RETRY_FIRST_MS = 1_000;
const PAUSE_MS = 30_000; // whoever mends what a run waits for sees it go on within a minute
const CANCEL_CHECK_MS = 500;

/** One attempt at one stage: claim, work, publish, and write down what became of it. Throws only when asked to stop. */
export async function workOnStage(
  deps: AgentDeps,
  run: RunFolder,
  job: StageJob,
  stopping: AbortSignal,
): Promise<void> {
  const { log } = deps;
  const claim = await claimOrWait(deps, run, job, stopping);
  if (!claim) return; // the reconciler finds the run again
  const about = { runId: run.runId, stage: job.name, epoch: claim.epoch };
  const startedAt = Date.now();
  log.info('stage started', about);
  const cancelled = watchCancel(run);
  const damages = await watchDamages(run, log);
  try {
    await removeDrafts(run.path);
    if (await findDamagedInput(run, job, claim)) return await startAgain(run, claim);
    const result = await attempt(deps, run, job, claim, AbortSignal.any([stopping, cancelled.signal]));
    await advance(run, job, result, claim);
    log.info('stage finished', { ...about, status: result.kind, durationMs: Date.now() - startedAt });
  } catch (error) {
    if (stopping.aborted) throw error;
    if (errorCode(error) === 'CLAIM_OUTDATED') return log.warn('claim was outdated', about);
    if (cancelled.signal.aborted) return log.info('run was cancelled', about);
    await recordFailure(deps, run, job, claim, error);
  } finally {
    cancelled.stop();
    await damages.stop();
  }
}

/** undefined when the disk doesn't take even a claim: then the run's state can't be written either, and only the log tells. */
async function claimOrWait(
  { log }: AgentDeps,
  run: RunFolder,
  job: StageJob,
  stopping: AbortSignal,
): Promise<Claim | undefined> {
  try {
    return await claimRun(run);
  } catch (error) {
    const code = noRoomCode(error);
    if (!code) throw error;
    log.warn('run waits', { runId: run.runId, stage: job.name, code });
    await sleep(PAUSE_MS, undefined, { signal: stopping });
    return undefined;
  }
}

/** Something before this stage is to be done again: the run's next job is that stage's. */
async function startAgain(run: RunFolder, { guard }: Claim): Promise<void> {
  const { ticket } = await readState(run);
  await changeState(run, { ticket: ticket + 1 }, guard);
}

async function attempt(
  deps: AgentDeps,
  run: RunFolder,
  job: StageJob,
  { epoch, guard }: Claim,
  signal: AbortSignal,
): Promise<StageResult> {
  const { home, config, isolation } = deps;
  const { threads, usesReferencePolicy } = config;
  if (job.runsIn === 'agent')
    return executeStage(job, { home, run, epoch, guard, signal, threads, usesReferencePolicy });
  await job.prepare?.(home);
  const request = { kind: 'stage', homePath: home.path, runId: run.runId, stage: job.name, epoch } as const;
  const options = {
    isolation,
    signal,
    logFile: run.files.workerLog,
    environment: environmentFor(config, run.options),
  };
  await runWorker({ ...request, threads, usesReferencePolicy }, options);
  const result = await readResult(run, job.name);
  if (!result) throw new SiteError('CHILD_ENDED');
  return result;
}

async function advance(run: RunFolder, job: StageJob, result: StageResult, { guard }: Claim): Promise<void> {
  const { ticket } = await readState(run);
  if (result.kind === 'stopped') {
    const isVerdict = ['rejected', 'undecided'].includes(outcomeOf({ status: 'stopped', code: result.code }));
    const change = { status: isVerdict ? 'rejected' : 'stopped', code: result.code } as const;
    return void (await changeState(run, change, guard));
  }
  const status = job === pipeline.at(-1) ? 'finished' : 'running';
  await changeState(run, { status, ticket: ticket + 1, ...UNTROUBLED }, guard);
}

/**
 * What is away for now (room on the disk, the network, the registry) only pauses the run, for as long as it takes; anything else is
 * tried again, with a growing wait, until the stage's last attempt.
 */
async function recordFailure(deps: AgentDeps, run: RunFolder, job: StageJob, claim: Claim, error: unknown) {
  const noRoom = noRoomCode(error);
  const code = noRoom ?? errorCode(error);
  if (noRoom || isTransient(error)) return pause(deps, run, job, claim, code);
  const state = await readState(run);
  const failures = state.failures + 1;
  const isLast = HOPELESS.has(code) || failures >= job.attemptsMax;
  deps.log.error('stage failed', { runId: run.runId, stage: job.name, code, attempt: failures });
  const change = {
    failures,
    ticket: state.ticket + 1,
    notBefore: new Date(Date.now() + Math.min(WAIT_MAX_MS, RETRY_FIRST_MS * 2 ** failures)).toISOString(),
    code,
    waitingSince: null,
  };
  try {
    if (OUTDATED_RELEASE.has(code)) await putResultAside(run, 'sign', claim); // signed anew, with a higher version
    const where = (error as { where?: string[] }).where ?? framesOf(error);
    await appendFailure(run, {
      at: new Date().toISOString(),
      stage: job.name,
      epoch: claim.epoch,
      code,
      where,
    });
    await changeState(run, { ...change, status: isLast ? 'failed' : 'running' }, claim.guard);
  } catch (nested) {
    deps.log.error('failure was not written down', { runId: run.runId, code: errorCode(nested) }); // the reconciler retries
  }
}

/** Counts no attempt, and says since when the run waits for what. */
async function pause({ log }: AgentDeps, run: RunFolder, job: StageJob, claim: Claim, code: string) {
  try {
    const { ticket, waitingSince, code: before } = await readState(run);
    const now = new Date();
    if (!waitingSince || code !== before) log.warn('run waits', { runId: run.runId, stage: job.name, code });
    if (code === 'DATE_IN_FUTURE' && (await isSignedLater(run, now)))
      await putResultAside(run, 'sign', claim);
    const notBefore = new Date(now.getTime() + PAUSE_MS).toISOString();
    const isPast = Date.parse(waitingSince ?? '') <= now.getTime(); // else a clock that was ahead wrote it
    const since = isPast ? waitingSince : now.toISOString();
    await changeState(run, { ticket: ticket + 1, notBefore, code, waitingSince: since }, claim.guard);
  } catch (nested) {
    log.error('pause was not written down', { runId: run.runId, code: errorCode(nested) }); // the reconciler retries
  }
}

/** Whether the clock was set back after the release was signed: then it is signed anew, or its date would be refused until it has come. */
async function isSignedLater(run: RunFolder, now: Date): Promise<boolean> {
  const signed = await readResult(run, 'sign');
  return signed !== undefined && Date.parse(signed.finishedAt) > now.getTime();
}

function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
}

/** `synspine-site cancel` leaves a file in the run directory, whichever process works on the run. */
function watchCancel(run: RunFolder): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const check = () => {
    if (existsSync(run.files.cancel)) controller.abort(new SiteError('CANCELLED'));
  };
  const timer = setInterval(check, CANCEL_CHECK_MS);
  check();
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
