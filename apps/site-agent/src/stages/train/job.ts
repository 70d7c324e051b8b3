import type { StageJob } from '../stage.ts';

export const trainJob: StageJob = {
  name: 'train',
  version: 2,
  runsIn: 'child',
  isKeptFromHoldOut: true,
  attemptsMax: 5,
  load: async () => (await import('./run.ts')).runTrain,
};
