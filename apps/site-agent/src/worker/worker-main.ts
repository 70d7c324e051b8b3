import { openHome } from '../home.ts';
import { pipeline } from '../pipeline.ts';
import { guardOf } from '../runs/claim.ts';
import { openRun } from '../runs/run-folder.ts';
import { errorCode } from '../site-error.ts';
import { executeStage } from '../stages/execute-stage.ts';
import { limitToTraining } from './limit-to-training.ts';
import type { WorkerReply, WorkerRequest } from './messages.ts';

/** Entry of the process that holds patient films and tensors. It ends with its request, or when the agent is gone. */
function main(): void {
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort(new Error('stopped')));
  process.once('disconnect', () => process.exit(1)); // the agent died: another one may already be at work
  process.once('message', async (request: WorkerRequest) => {
    const reply = await answer(request, stop.signal);
    process.send?.(reply, () => process.exit(reply.ok ? 0 : 1));
  });
}

async function answer(request: WorkerRequest, signal: AbortSignal): Promise<WorkerReply> {
  try {
    await work(request, signal);
    return { ok: true };
  } catch (error) {
    return { ok: false, code: errorCode(error), where: framesOf(error) };
  }
}

async function work(request: WorkerRequest, signal: AbortSignal): Promise<void> {
  if (request.kind === 'experiment') {
    const { workOnExperiment } = await import('../experiments/paper/work.ts');
    return workOnExperiment(request, signal);
  }
  const home = await openHome(request.homePath);
  const run = await openRun(home, request.runId);
  const { threads, usesReferencePolicy } = request;
  if (request.kind === 'score') {
    const { scoreHoldOut } = await import('../scores/score-hold-out.ts');
    return scoreHoldOut({ home, run, threads, signal }, request);
  }
  const { stage, epoch } = request;
  const job = pipeline.find(({ name }) => name === stage)!;
  if (job.isKeptFromHoldOut) await limitToTraining(home, run);
  await executeStage(job, {
    home,
    run,
    epoch,
    guard: guardOf(run, epoch),
    signal,
    threads,
    usesReferencePolicy,
  });
}

/** Where an error was thrown, without its message: that may quote a path. */
function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .slice(0, 12);
}

main();
