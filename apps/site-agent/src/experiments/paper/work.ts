import type { ExperimentRequest } from '../../worker/messages.ts';
import { describeExperiment } from './folder.ts';
import { writeReport } from './report.ts';
import { runUnit } from './run-unit.ts';

/** What a worker process does for an experiment: one unit, or the report. */
export async function workOnExperiment(request: ExperimentRequest, signal: AbortSignal): Promise<void> {
  const { path, options, datasets, outside, unit, threads } = request;
  const folder = describeExperiment(path, options);
  if (unit) await runUnit({ folder, unit, datasets, threads, signal });
  else await writeReport(folder, datasets, outside, signal);
}
