import type { StageJob } from '../stage.ts';

export const evaluateJob: StageJob = {
  name: 'evaluate',
  version: 2,
  runsIn: 'child',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runEvaluate,
};
