import type { StageJob } from '../stage.ts';

export const evaluateJob: StageJob = {
  name: 'evaluate',
  version: 1,
  runsIn: 'child',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runEvaluate,
};
