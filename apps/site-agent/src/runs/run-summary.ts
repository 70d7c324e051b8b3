import type { AuditReport, QualityReport, QualityScore, ReleaseState, RunOutcome } from '@synspine/protocol';
import type { FilterOutput, Rejections } from '../stages/filter/output.ts';
import type { IngestOutput } from '../stages/ingest/run.ts';
import type { LeftOut, PreprocessOutput } from '../stages/preprocess/run.ts';
import type { StageName } from '../stages/stage.ts';
import { readResult } from '../stages/stage-result.ts';
import type { UploadOutput } from '../stages/upload/run.ts';
import type { RunFolder } from './run-folder.ts';
import { outcomeOf, type RunStatus, readState } from './run-state.ts';

export type Figure = { value: number; ciLow: number; ciHigh: number; protocol: string };

/** A run in numbers, for the site's own people and for scripts. */
export type RunSummary = {
  runId: string;
  status: RunStatus;
  /** The name of the exit code that `run` ends with. */
  outcome: RunOutcome;
  /** Why nothing was released. */
  code: string | null;
  films: { ingested: number; refused: { code: string; count: number }[] };
  /** Classes that too few patients share to be trained. */
  classesLeftOut: LeftOut[];
  /** What the filters made of each class's candidates; null before they ran. */
  filters: FilteredShare[] | null;
  quality: {
    fid: Figure | null;
    kid: Figure | null;
    precision: Figure | null;
    recall: Figure | null;
    /** FID between real training films and real held-out films, at the same n. */
    floor: Figure | null;
    /** How often an independent judge sees the class that was asked for, and the same of real held-out films. */
    labelFidelity: Figure | null;
    labelFidelityReal: Figure | null;
    n: number;
  } | null;
  audit: AuditSummary | null;
  /** `state` as of the upload, until the registry is asked; `code` says why it is in quarantine. */
  release: {
    id: string;
    version: number;
    sha256: string;
    state: ReleaseState;
    code: string | null;
  } | null;
};

/** What was accepted, and by whose policy, says more than the decision alone. */
type AuditSummary = Pick<
  AuditReport,
  'decision' | 'tests' | 'reasons' | 'accepted' | 'acceptedUndecided' | 'policy'
>;

type FilteredShare = { className: string; drawn: number; rejections: Rejections[] };

export async function summariseRun(run: RunFolder): Promise<RunSummary> {
  const { status, code } = await readState(run);
  const output = async <T>(stage: StageName) => (await readResult(run, stage))?.output as T | undefined;
  const ingest = await output<IngestOutput>('ingest');
  const preprocess = await output<PreprocessOutput>('preprocess');
  const filter = await output<FilterOutput>('filter');
  const quality = (await output<{ quality: QualityReport }>('evaluate'))?.quality;
  const audit = (await output<{ audit: AuditReport }>('privacy-audit'))?.audit;
  const upload = await output<UploadOutput>('upload');
  return {
    runId: run.runId,
    status,
    outcome: outcomeOf({ status, code }),
    code,
    films: { ingested: ingest?.films ?? 0, refused: ingest?.refused ?? [] },
    classesLeftOut: preprocess?.classesLeftOut ?? [],
    filters: filter && preprocess ? nameClasses(filter, preprocess) : null,
    quality: quality ? summariseQuality(quality) : null,
    audit: audit ? pickAudit(audit) : null,
    release: upload ? describeUpload(upload) : null,
  };
}

function describeUpload({ releaseId, version, manifestSha256, state }: UploadOutput): RunSummary['release'] {
  return { id: releaseId, version, sha256: manifestSha256, state: state ?? 'published', code: null };
}

function nameClasses({ classes }: FilterOutput, { classNames }: PreprocessOutput): FilteredShare[] {
  return classes.map(({ drawn, rejections }, label) => ({
    className: classNames[label]!,
    drawn,
    rejections,
  }));
}

function pickAudit(audit: AuditReport): AuditSummary {
  const { decision, tests, reasons, accepted, acceptedUndecided, policy } = audit;
  return { decision, tests, reasons, accepted, acceptedUndecided, policy };
}

function summariseQuality({ scores }: QualityReport): RunSummary['quality'] {
  const find = (metric: QualityScore['metric']) =>
    scores.find((score) => score.metric === metric && score.stratum === 'all');
  const figure = (score: QualityScore | undefined): Figure | null =>
    score ? { value: score.value, ciLow: score.ciLow, ciHigh: score.ciHigh, protocol: score.protocol } : null;
  const fid = find('fid');
  const fidelity = find('label-fidelity');
  const floorOf = (score: QualityScore | undefined): Figure | null =>
    score?.floor ? { ...figure({ ...score, ...score.floor })!, protocol: `${score.protocol}_floor` } : null;
  return {
    fid: figure(fid),
    kid: figure(find('kid')),
    precision: figure(find('precision')),
    recall: figure(find('recall')),
    floor: floorOf(fid),
    labelFidelity: figure(fidelity),
    labelFidelityReal: floorOf(fidelity),
    n: fid?.n ?? 0,
  };
}
