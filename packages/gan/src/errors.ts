import type { Checkpoint } from './checkpoint.ts';

export type GanErrorCode =
  | 'gan-non-finite'
  | 'gan-out-of-memory'
  | 'gan-bad-data'
  | 'gan-empty-class'
  | 'gan-checkpoint-mismatch'
  | 'gan-checkpoint-damaged'
  | 'gan-other-network';

/**
 * A promise that training or sampling can't keep. `checkpoint` is the last state known to be finite, when there is one: go on from
 * it with another seed or a lower learning rate.
 */
export class GanError extends Error {
  readonly code: GanErrorCode;
  readonly checkpoint: Checkpoint | undefined;

  constructor(code: GanErrorCode, message: string, checkpoint?: Checkpoint) {
    super(message);
    this.name = 'GanError';
    this.code = code;
    this.checkpoint = checkpoint;
  }
}
