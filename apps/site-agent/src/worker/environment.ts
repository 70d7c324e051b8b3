import type { Config } from '../config.ts';
import type { RunOptions } from '../runs/run-options.ts';

/** What a worker of a run sees of the environment. `gpu: none` hides every card from it. */
export function environmentFor(
  { workerEnvironment }: Pick<Config, 'workerEnvironment'>,
  { gpu }: Pick<RunOptions, 'gpu'>,
): Record<string, string> {
  return gpu === 'none' ? { ...workerEnvironment, CUDA_VISIBLE_DEVICES: '' } : workerEnvironment;
}
