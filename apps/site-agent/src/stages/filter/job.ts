import type { StageJob } from '../stage.ts';

export const filterJob: StageJob = {
  name: 'filter',
  version: 1,
  runsIn: 'child',
  isKeptFromHoldOut: true,
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runFilter,
};
