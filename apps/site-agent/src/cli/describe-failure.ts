import {
  ConnectionError,
  EXIT_CODES,
  type ExitName,
  exitCode,
  exitOfProblem,
  ProblemError,
} from '@synspine/protocol';
import { CommanderError } from 'commander';
import { noRoomCode } from '../full-disk.ts';
import { errorCode, exitOfSiteError, SiteError } from '../site-error.ts';

/**
 * What a person is told about an error. Texts of our own are shown; of any other error only its code and where it was
 * thrown, since its message may quote a path, and a file's name can be a patient's.
 */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  const exit = exitCode(exitOf(error));
  if (error instanceof CommanderError)
    return { text: exit === 0 ? '' : `synspine-site: ${USAGE}`, exitCode: exit };
  if (isOurs(error)) return { text: `synspine-site: ${error.message}`, exitCode: exit };
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return { text: [`synspine-site: ${errorCode(error)}`, ...frames.slice(0, 8)].join('\n'), exitCode: exit };
}

const USAGE = EXIT_CODES.usage.slice(1).join(' ');

function exitOf(error: unknown): ExitName {
  if (error instanceof SiteError) return exitOfSiteError(error.code);
  if (error instanceof ProblemError) return exitOfProblem(error.code);
  if (error instanceof ConnectionError) return error.exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'usage';
  const code = errorCode(error);
  if (code === 'COMPUTE_NOT_SET_UP') return 'configuration';
  return noRoomCode(error) ? 'waiting' : 'failed';
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
  if (error instanceof ConnectionError) return true;
  return error instanceof Error && HOUSE_ERRORS.includes(error.name);
}
