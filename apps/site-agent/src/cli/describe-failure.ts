import { ProblemError } from '@synspine/protocol';
import { errorCode, SiteError } from '../site-error.ts';

const EXIT_CONFIG = 78; // EX_CONFIG of sysexits.h

/**
 * What a person is told about an error. Texts of our own are shown; of any other error only its code and where it was
 * thrown, since its message may quote a path, and a file's name can be a patient's.
 */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  const isConfig = error instanceof SiteError && error.code === 'CONFIG_INVALID';
  const exitCode = isConfig ? EXIT_CONFIG : 1;
  if (isOurs(error)) return { text: `synspine-site: ${error.message}`, exitCode };
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return { text: [`synspine-site: ${errorCode(error)}`, ...frames.slice(0, 8)].join('\n'), exitCode };
}

/** Errors of the house are written for people and hold no data; they are told by name across packages. */
const HOUSE_ERRORS = [
  'QueueError',
  'ComputeError',
  'MetricError',
  'PrivacyError',
  'GanError',
  'ClassifierError',
  'FilmReaderError',
];

function isOurs(error: unknown): error is Error {
  if (error instanceof SiteError || error instanceof ProblemError) return true;
  return error instanceof Error && HOUSE_ERRORS.includes(error.name);
}
