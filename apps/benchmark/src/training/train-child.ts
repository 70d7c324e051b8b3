import { initCompute } from '@synspine/compute';
import { errorCode } from '../benchmark-error.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import type { Target } from './plan-targets.ts';
import { trainTarget } from './train-target.ts';

export type TrainRequest = { target: Target; threads: number };
export type TrainAnswer = { weights: Uint8Array } | { code: string; message: string };

// Runs only as a child process of train-apart, which ends it when nobody waits any more.
process.on('disconnect', () => process.exit(0));
process.once('message', async (request: TrainRequest) => {
  process.send?.(await answer(request), () => process.exit(0));
});

async function answer({ target, threads }: TrainRequest): Promise<TrainAnswer> {
  try {
    initCompute({ threads });
    const log = createLog(readConfig().logLevel);
    return { weights: await trainTarget(target, { log, signal: new AbortController().signal }) };
  } catch (error) {
    return { code: errorCode(error), message: (error as Error).message };
  }
}
