import { evaluateJob } from './stages/evaluate/job.ts';
import { filterJob } from './stages/filter/job.ts';
import { ingestJob } from './stages/ingest/job.ts';
import { preprocessJob } from './stages/preprocess/job.ts';
import { privacyAuditJob } from './stages/privacy-audit/job.ts';
import { signJob } from './stages/sign/job.ts';
import type { StageJob } from './stages/stage.ts';
import { trainJob } from './stages/train/job.ts';
import { uploadJob } from './stages/upload/job.ts';

/** What a run does, in order. Each stage reads only the results before it; none calls another. */
export const pipeline: readonly StageJob[] = [
  ingestJob, // which films the run is made from
  preprocessJob, // who is trained on, who is held out and sealed
  trainJob, // the judge, the generator, and which checkpoint to keep
  filterJob, // which of its images may be released
  evaluateJob, // how good the synthetic films are, beside real ones
  privacyAuditJob, // whether any of them gives a patient away: the gate
  signJob, // the release: images, weights, manifest, signature
  uploadJob, // what leaves the building
];
