import type { Log } from '../log.ts';
import { listDamages } from '../runs/damage.ts';
import type { RunFolder } from '../runs/run-folder.ts';

const EVERY_MS = 5_000;

/**
 * Tells the log of damages that are found while a stage is worked on. A worker process has no log: it writes them into the run,
 * and training goes on for days after.
 */
export async function watchDamages(run: RunFolder, log: Log): Promise<{ stop(): Promise<void> }> {
  let told = (await listDamages(run)).length;
  const look = async () => {
    const damages = await listDamages(run);
    for (const { stage, code } of damages.slice(told))
      log.warn('damaged file was set aside', { runId: run.runId, stage, code });
    told = Math.max(told, damages.length);
  };
  let looking: Promise<void> = Promise.resolve();
  const lookOnce = () => {
    looking = looking.then(look).catch(() => undefined); // the stage itself will say what is wrong with the disk
    return looking;
  };
  const timer = setInterval(lookOnce, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return lookOnce();
    },
  };
}
