export type { AugmentPolicy, AugmentSettings } from './augment.ts';
export type { LabelledImages } from './batches.ts';
export {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  generatorWeights,
  type JudgeFacts,
  judgeFacts,
  releaseShapes,
} from './checkpoint.ts';
export { GanError, type GanErrorCode } from './errors.ts';
export {
  type Device,
  estimateSecondsLeft,
  imagesToShow,
  planTraining,
  spreadThreads,
  type TrainingPlan,
} from './estimate.ts';
export type { DomainJudge } from './judge.ts';
export { measureTraining, storedBytes, type TrainingMeasurement } from './measure.ts';
export { type GanPreset, type PresetName, presets } from './presets.ts';
export { createSampler, type SampleRequest, type Sampler } from './sample.ts';
export { type TrainingOptions, type TrainingProgress, type TrainingResult, trainGan } from './train.ts';
export { decodeStart, planTransfer, type StartWeights, type Transfer } from './transfer.ts';
export type { Warning, WatchdogCode } from './watchdog.ts';
