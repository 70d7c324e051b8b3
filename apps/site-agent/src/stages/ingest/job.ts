import type { StageJob } from '../stage.ts';

export const ingestJob: StageJob = {
  name: 'ingest',
  version: 1,
  runsIn: 'agent',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runIngest,
};
