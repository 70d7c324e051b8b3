import { QueueError } from './errors.ts';

/** Anything with zod's `parse`: returns the payload or throws. */
export interface PayloadSchema<P> {
  parse(value: unknown): P;
}

export interface JobOptions {
  /** How often the handler may fail before the job is failed for good. Default 3. Crashes don't count. */
  attempts?: number;
  /** Wait before the second attempt, doubled before each further one. Default 5,000. */
  backoffMs?: number;
}

export interface JobDefinition<P> {
  readonly name: string;
  readonly attempts: number;
  readonly backoffMs: number;
  /** Checks a payload: the schema's rules, and ids only. Throws QueueError QUEUE_PAYLOAD_INVALID. */
  parse(payload: unknown): P;
}

const NAME = /^[a-z][a-z0-9.-]{0,63}$/;
// Ids, hashes, dates and codes pass. Paths, URLs, file names with spaces and free text, where a name could hide, don't.
const ID = /^[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,199}$/;
const FIELDS_MAX = 32;
const LIST_MAX = 1_000;

function isId(value: unknown): boolean {
  if (typeof value === 'string') return ID.test(value);
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

function holdsOnlyIds(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return false;
  const entries = Object.entries(payload).filter(([, value]) => value !== undefined);
  const isField = ([, value]: [string, unknown]) =>
    Array.isArray(value) ? value.length <= LIST_MAX && value.every(isId) : isId(value);
  return entries.length <= FIELDS_MAX && entries.every(isField);
}

function checkPayload<P>(name: string, schema: PayloadSchema<P>, payload: unknown): P {
  let parsed: P;
  try {
    parsed = schema.parse(payload);
  } catch {
    // The schema's own message may quote the value, so it goes no further.
    throw new QueueError(
      'QUEUE_PAYLOAD_INVALID',
      `The payload of ${name} breaks its schema. Correct the caller.`,
    );
  }
  if (holdsOnlyIds(parsed)) return parsed;
  throw new QueueError(
    'QUEUE_PAYLOAD_INVALID',
    `The payload of ${name} must be a flat object of ids (or lists of ids). Store the rest and pass its id.`,
  );
}

/**
 * Describes one kind of job. The payload carries ids only, since a queue is readable by whoever runs it, and is checked
 * both when it is enqueued and before it is worked on. Throws QUEUE_JOB_NAME_INVALID unless `name` is
 * [a-z][a-z0-9.-]{0,63}.
 */
export function defineJob<P>(
  name: string,
  schema: PayloadSchema<P>,
  { attempts = 3, backoffMs = 5_000 }: JobOptions = {},
): JobDefinition<P> {
  if (!NAME.test(name)) {
    throw new QueueError('QUEUE_JOB_NAME_INVALID', 'A job name is [a-z][a-z0-9.-]*, at most 64 characters.');
  }
  return { name, attempts, backoffMs, parse: (payload) => checkPayload(name, schema, payload) };
}

// BullMQ keeps jobs beside its own Redis keys, so a job called `stalled` or `meta` would destroy its queue, and it takes
// an id of digits for one that it counted itself. With this in front no id can be mistaken.
const BULL_ID_PREFIX = 'job.';

/** The id that BullMQ knows the job by. Throws QUEUE_JOB_ID_INVALID unless `jobId` is [A-Za-z0-9_.-]{1,200}. */
export function toBullId(jobId: string): string {
  if (/^[A-Za-z0-9_.-]{1,200}$/.test(jobId)) return BULL_ID_PREFIX + jobId;
  throw new QueueError(
    'QUEUE_JOB_ID_INVALID',
    'A job id is 1 to 200 of [A-Za-z0-9_.-]. Build it from run and stage ids.',
  );
}

export function fromBullId(bullId: string): string {
  return bullId.slice(BULL_ID_PREFIX.length);
}
