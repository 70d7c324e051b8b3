import type { StageJob } from '../stage.ts';

export const privacyAuditJob: StageJob = {
  name: 'privacy-audit',
  version: 2,
  runsIn: 'child',
  attemptsMax: 3,
  load: async () => (await import('./run.ts')).runPrivacyAudit,
};
