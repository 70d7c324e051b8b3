import type { StageJob } from '../stage.ts';

export const preprocessJob: StageJob = {
  name: 'preprocess',
  version: 2,
  runsIn: 'child',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runPreprocess,
};
