import type { StageJob } from '../stage.ts';

export const uploadJob: StageJob = {
  name: 'upload',
  version: 1,
  runsIn: 'agent',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runUpload,
};
