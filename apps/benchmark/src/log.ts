import pino, { type DestinationStream } from 'pino';
import type { Config } from './config.ts';

type LogFields = {
  siteId?: string;
  trainedOn?: string;
  classifierId?: string;
  code?: string;
  version?: number;
  count?: number;
  seeds?: number;
  validationAuc?: number;
  durationMs?: number;
};

/** Writes JSON lines to `destination` (stderr); only {@link LogFields} come through its type. */
export type Log = Record<'info' | 'warn' | 'error', (event: string, fields?: LogFields) => void>;

export function createLog(level: Config['logLevel'], destination: DestinationStream = process.stderr): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}
