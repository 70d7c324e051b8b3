import type { ArchitectureId } from '@synspine/classifier';
import type { ClassifierTraining } from '@synspine/protocol';
import type { Dataset, ExperimentOptions, Unit } from '../experiments/paper/plan.ts';
import type { StageName } from '../stages/stage.ts';

/** What the agent asks of a worker process; ids, numbers and folders only. */
export type WorkerRequest = RunRequest | ExperimentRequest;

type RunRequest = { homePath: string; runId: string; threads: number; usesReferencePolicy: boolean } & (
  | { kind: 'stage'; stage: StageName; epoch: number }
  | ScoreRequest
);

/** One unit of an experiment, or (without one) its tables and figures. */
export type ExperimentRequest = {
  kind: 'experiment';
  path: string;
  options: ExperimentOptions;
  datasets: readonly Dataset[];
  /** Names of the outside films; a unit isn't told of any. */
  outside: readonly string[];
  unit: Unit | null;
  threads: number;
};

export type ScoreRequest = {
  kind: 'score';
  /** Where the weights lie and the report goes. */
  folder: string;
  task: ScoreTask;
  siteId: string;
  /** Fewest films of a class at which the AUC is told. */
  minPerClass: number;
};

/** Which classifier to run on the sealed hold-out: one sent by the benchmark, or one trained on the site's own films. */
export type ScoreTask =
  | {
      kind: 'remote';
      architecture: ArchitectureId;
      imageSize: number;
      seeds: number;
      generators: number;
      trainedOn: string;
    }
  | { kind: 'local'; training: ClassifierTraining };

/** The worker's only answer; its work itself is on disk. */
export type WorkerReply = { ok: true } | { ok: false; code: string; where: string[] };
