import type { StageJob } from '../stage.ts';

export const signJob: StageJob = {
  name: 'sign',
  version: 2,
  runsIn: 'child',
  attemptsMax: 3,
  prepare: async (home) => (await import('./release-counter.ts')).learnLatestVersion(home),
  load: async () => (await import('./run.ts')).runSign,
};
