import { exitCode } from '@synspine/protocol';

/** Says that a command ended because it was asked to, and makes that its exit code. */
export function tellStopped(): void {
  process.stderr.write('Stopped. The same command goes on.\n');
  process.exitCode = exitCode('waiting');
}

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process as usual. */
export function stopSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = () => {
    release();
    controller.abort(new Error('stopped'));
  };
  const release = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return { signal: controller.signal, release };
}
