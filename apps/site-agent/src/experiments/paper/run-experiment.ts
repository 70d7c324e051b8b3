import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { appendLine } from '../../durable-file.ts';
import { SiteError } from '../../site-error.ts';
import { runWorker, WorkerError, type WorkerOptions } from '../../worker/run-worker.ts';
import type { ExperimentFolder } from './folder.ts';
import { type Dataset, planUnits, type Unit } from './plan.ts';

export type RunUnitsOptions = Omit<WorkerOptions, 'logFile'> & {
  path: string;
  folder: ExperimentFolder;
  datasets: readonly Dataset[];
  /** Units at a time, each in a process of its own with `threads` CPU threads. */
  jobs: number;
  threads: number;
  /** Brings films from outside in once everything is trained. → their names */
  prepareOutside(): Promise<readonly string[]>;
  onProgress(done: number, total: number): void;
};

/**
 * Runs every unit of the experiment, then its report, for which alone outside films are opened; units that were done cost a second. The first that fails ends the
 * others at their next checkpoint. Throws EXPERIMENT_FAILED or CHILD_ENDED.
 */
export async function runExperiment(options: RunUnitsOptions): Promise<void> {
  const units = planUnits(options.datasets, options.folder.options);
  const waiting = [...units];
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let done = 0;
  options.onProgress(done, units.length);
  const work = async () => {
    for (let unit = waiting.shift(); unit && !signal.aborted; unit = waiting.shift()) {
      await runOne({ ...options, signal }, unit);
      options.onProgress(++done, units.length);
    }
  };
  const workers = Array.from({ length: options.jobs }, () => work().catch((error) => failed.abort(error)));
  await Promise.all(workers);
  signal.throwIfAborted();
  await runOne(options, null, await options.prepareOutside());
}

async function runOne(
  options: RunUnitsOptions,
  unit: Unit | null,
  outside: readonly string[] = [],
): Promise<void> {
  const { path, folder, datasets, threads } = options;
  const place = unit ? folder.unit(unit).path : folder.results;
  await mkdir(place, { recursive: true, mode: 0o700 });
  const logFile = join(unit ? place : folder.private.sites, 'worker.log');
  const asked = { options: folder.options, datasets, outside, unit, threads };
  const request = { kind: 'experiment', path, ...asked } as const;
  await runWorker(request, { ...options, logFile }).catch(async (error: unknown) => {
    if (!(error instanceof WorkerError)) throw error;
    const { code, where } = error;
    await appendLine(folder.private.failures, { at: new Date().toISOString(), unit, code, where });
    throw new SiteError('EXPERIMENT_FAILED', code, { cause: error });
  });
}
