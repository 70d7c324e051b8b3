import pino, { type DestinationStream } from 'pino';
import type { Config } from './config.ts';

/** Everything that a log line may hold: ids, counts, durations, codes. Nothing else is written, whatever is passed. */
const FIELDS = {
  runId: 'code',
  stage: 'code',
  taskId: 'code',
  releaseId: 'code',
  code: 'code',
  decision: 'code',
  status: 'code',
  epoch: 'number',
  attempt: 'number',
  count: 'number',
  ingested: 'number',
  refused: 'number',
  version: 'number',
  durationMs: 'number',
  pid: 'number',
  percent: 'number',
  secondsLeft: 'number',
} as const;

export type LogFields = {
  [K in keyof typeof FIELDS]?: (typeof FIELDS)[K] extends 'number' ? number : string;
};

const CODE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/; // an id, a code, a hash; never a sentence, a path or a name

export type Log = {
  /** `event` is a literal of ours in the past tense. */
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
};

/** A log that lets only {@link FIELDS} of the right form through. It writes JSON lines to `destination` (stderr). */
export function createLog(level: Config['logLevel'], destination: DestinationStream = process.stderr): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (event, fields = {}) => logger.info(allowed(fields), event),
    warn: (event, fields = {}) => logger.warn(allowed(fields), event),
    error: (event, fields = {}) => logger.error(allowed(fields), event),
  };
}

function allowed(fields: LogFields): Record<string, string | number> {
  const kept = Object.entries(fields).filter(([key, value]) => {
    const kind = FIELDS[key as keyof typeof FIELDS];
    return kind === 'number' ? Number.isFinite(value) : kind === 'code' && CODE.test(String(value));
  });
  return Object.fromEntries(kept) as Record<string, string | number>;
}
