import type { Guard } from '../durable-file.ts';
import type { Home } from '../home.ts';
import type { RunFolder } from '../runs/run-folder.ts';

export const STAGE_NAMES = [
  'ingest',
  'preprocess',
  'train',
  'filter',
  'evaluate',
  'privacy-audit',
  'sign',
  'upload',
] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** One line of the run's progress.jsonl. */
export type Progress = {
  /** 0 to 1 of this stage. */
  share: number;
  /** Seconds left of this stage, where they can be told. */
  etaSeconds?: number;
  /** Numbers of the field, such as losses; never anything of one patient. */
  values?: Record<string, number>;
};

/** All that a stage may touch. */
export type StageContext = {
  home: Home;
  run: RunFolder;
  /** Empty folder; what the stage leaves here is published as its result, in one rename. */
  draft: string;
  /** Throws CLAIM_OUTDATED when another worker has taken the run over. Checked before anything is published. */
  guard: Guard;
  signal: AbortSignal;
  threads: number;
  usesReferencePolicy: boolean;
  report(progress: Progress): Promise<void>;
};

/** `stopped` ends the run without an error, for a reason that a person can act on. */
export type StageOutcome =
  | { kind: 'done'; output: Record<string, unknown> }
  | { kind: 'stopped'; code: string; output: Record<string, unknown> };

/** One stage of the pipeline, as `stages/NAME/job.ts` describes it. */
export type StageJob = {
  name: StageName;
  /** Grows when the stage's work changes, so that results of an older agent aren't taken for this one's. */
  version: number;
  /** Tensors live in a `child` process only, so the agent's own stays small and outlives a crash of theirs. */
  runsIn: 'agent' | 'child';
  attemptsMax: number;
  /** Of a `child`: the system takes from it all films but those of training and validation. */
  isKeptFromHoldOut?: boolean;
  /** Runs in the agent before a child starts, for what the child has no network for. */
  prepare?(home: Home): Promise<void>;
  /** Loads the work itself; the agent's process never loads a child's. */
  load(): Promise<(context: StageContext) => Promise<StageOutcome>>;
};
