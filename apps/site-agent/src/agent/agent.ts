import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { isTransient } from '../registry/retry.ts';
import { listDamagedRuns, listRuns, openRun, type RunFolder } from '../runs/run-folder.ts';
import { changeState, isDue, type RunState, readState, takeUp } from '../runs/run-state.ts';
import { findNextStage } from './next-stage.ts';
import { jobIdOf, openSiteQueue, type SiteQueue, type StagePayload } from './site-queue.ts';
import { createTeller } from './tell-registry.ts';
import { watchAudit } from './watch-audit.ts';
import { workOnStage } from './work-on-stage.ts';

export type AgentDeps = { home: Home; config: Config; log: Log; isolation: readonly string[] };

export type Agent = {
  /** Resolves when the run is no longer running, with its last state. */
  finish(run: RunFolder, signal: AbortSignal): Promise<RunState>;
  /** Stops the workers (they write a checkpoint first) and the queue. */
  stop(): Promise<void>;
};

const WATCH_MS = 250;
const STOP_GRACE_MS = 25_000; // a worker's own grace to write a checkpoint, and some more

/** Works on all unfinished runs of a home, stage by stage, as jobs of its queue. */
export async function startAgent(deps: AgentDeps): Promise<Agent> {
  const { home, config, log } = deps;
  const queue = await openSiteQueue(home, config, log);
  const { connection, job, isOwn } = queue;
  await tellDamagedRuns(home, log);
  await takeUpWaiting(home);
  if (isOwn) await outdateOldJobs(home);
  const reconciler = connection.reconcile(job, () => expectedJobs(home, queue), {
    everyMs: config.reconcileMs,
  });
  const teller = createTeller(home, log);
  const endWatch = watchAudit(home, log);
  const handle = async (payload: StagePayload, { signal }: { signal: AbortSignal }) => {
    const run = await openRun(home, payload.runId);
    const stage = await findNextStage(run);
    const { status, ticket } = await readState(run);
    if (status !== 'running' || stage?.name !== payload.stage || ticket !== payload.ticket) return; // done elsewhere
    const stopTelling = teller.working(run, stage.name);
    await workOnStage(deps, run, stage, signal).finally(stopTelling);
    if ((await readState(run)).status !== 'running') void teller.idle();
    void enqueueNext(queue, run).catch(() => undefined); // only a hint: the reconciler finds it too
  };
  const worker = await connection.work(job, handle, {
    onFailure: ({ error }) =>
      log.error('job failed', { code: String((error as { code?: string }).code ?? 'UNKNOWN') }),
  });
  return {
    finish: async (run, signal) => {
      await reconciler.runNow();
      return watch(run, signal).finally(() => teller.idle());
    },
    stop: async () => {
      endWatch();
      queue.expectEnd();
      await reconciler.stop();
      await worker.stop({ graceMs: STOP_GRACE_MS });
      await queue.close();
    },
  };
}

/** Once: nothing can be done with them but by a person. */
async function tellDamagedRuns(home: Home, log: Log): Promise<void> {
  for (const runId of await listDamagedRuns(home))
    log.error('run can not be read', { runId, code: 'RUN_FILE_DAMAGED' });
  for (const run of await listRuns(home)) {
    const { code } = await readState(run);
    if (code === 'RUN_FILE_DAMAGED') log.error('run can not go on', { runId: run.runId, code });
  }
}

/** Agents of 0.2 gave a run up when the registry was away for some minutes. The newest goes on; an older one was followed by another. */
async function takeUpWaiting(home: Home): Promise<void> {
  const [newest] = await listRuns(home);
  if (newest && isTransient(await readState(newest))) await takeUp(newest);
}

/** On a queue of our own, jobs left by a killed agent are nobody's: new tickets let their stages start at once. */
async function outdateOldJobs(home: Home): Promise<void> {
  for (const run of await listRuns(home)) {
    const { status, ticket } = await readState(run);
    if (status === 'running') await changeState(run, { ticket: ticket + 1, notBefore: null });
  }
}

/** What should be in the queue, by the run directories. */
async function expectedJobs(
  home: Home,
  queue: SiteQueue,
): Promise<{ jobId: string; payload: StagePayload }[]> {
  const expected: { jobId: string; payload: StagePayload }[] = [];
  for (const run of await listRuns(home)) {
    const payload = await presentJob(run);
    if (!payload) continue;
    const jobId = jobIdOf(payload);
    const state = await queue.connection.state(queue.job, jobId);
    // Ended in the queue but not in the run directory: its worker could not write down what became of it.
    if (state === 'completed' || state === 'failed') await enqueue(queue, payload);
    expected.push({ jobId, payload });
  }
  return expected;
}

async function presentJob(run: RunFolder): Promise<StagePayload | undefined> {
  const { status, ticket, notBefore } = await readState(run);
  if (status !== 'running' || !isDue(notBefore, Date.now())) return undefined;
  const stage = await findNextStage(run);
  return stage && { runId: run.runId, stage: stage.name, ticket };
}

async function enqueueNext(queue: SiteQueue, run: RunFolder): Promise<void> {
  const payload = await presentJob(run);
  if (payload) await enqueue(queue, payload);
}

/** Harmless to repeat: a job that waits or runs stays as it is, and one with an old ticket does nothing. */
async function enqueue({ connection, job }: SiteQueue, payload: StagePayload): Promise<void> {
  await connection.enqueue(job, payload, { jobId: jobIdOf(payload), again: true });
}

async function watch(run: RunFolder, signal: AbortSignal): Promise<RunState> {
  for (;;) {
    const state = await readState(run);
    if (state.status !== 'running') return state;
    await sleep(WATCH_MS, undefined, { signal });
  }
}
