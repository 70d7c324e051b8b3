import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BenchmarkError } from '../benchmark-error.ts';
import type { Target } from './plan-targets.ts';
import type { TrainAnswer, TrainRequest } from './train-child.ts';

const CHILD = fileURLToPath(new URL('./train-child.ts', import.meta.url));

/**
 * Trains the target as `trainTarget` does, in a process of its own: small networks leave most of a second core idle, so several targets
 * train side by side. Throws what training threw, by its code; `TRAINING_STOPPED` when the process died; what `signal` says.
 */
export async function trainApart(
  target: Target,
  { threads, signal }: { threads: number; signal: AbortSignal },
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const child = fork(CHILD, {
    execArgv: ['--import', import.meta.resolve('tsx')],
    serialization: 'advanced', // bytes as bytes
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    const ended = once(child, 'close').then(() => null); // not `exit`: the last message may come after that
    const answered = once(child, 'message').then(([message]) => message as TrainAnswer);
    child.send({ target, threads } satisfies TrainRequest, () => undefined); // one that is gone shows below
    const answer = await Promise.race([answered, ended]);
    signal.throwIfAborted();
    if (answer && 'weights' in answer) return answer.weights;
    if (!answer) throw new BenchmarkError('TRAINING_STOPPED');
    throw Object.assign(new Error(answer.message), { code: answer.code });
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
