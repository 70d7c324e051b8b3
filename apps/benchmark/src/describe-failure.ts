import {
  ConnectionError,
  EXIT_CODES,
  type ExitName,
  exitCode,
  exitOfProblem,
  ProblemError,
} from '@synspine/protocol';
import { CommanderError } from 'commander';
import { BenchmarkError, type BenchmarkErrorCode } from './benchmark-error.ts';

const EXITS: Partial<Record<BenchmarkErrorCode, ExitName>> = {
  CONFIG_INVALID: 'configuration',
  NOT_ENROLLED: 'configuration',
  KEY_TOO_OPEN: 'configuration',
  ALREADY_ENROLLED: 'usage',
  REGISTRY_UNREACHABLE: 'waiting',
};

/** What a person is told about an error (nothing where it was told already), and the exit code. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  const exit = exitCode(exitOf(error));
  if (error instanceof CommanderError)
    return { text: exit === 0 ? '' : EXIT_CODES.usage.slice(1).join(' '), exitCode: exit };
  return { text: error instanceof Error ? error.message : String(error), exitCode: exit };
}

function exitOf(error: unknown): ExitName {
  if (error instanceof BenchmarkError) return EXITS[error.code] ?? 'failed';
  if (error instanceof ProblemError) return exitOfProblem(error.code);
  if (error instanceof ConnectionError) return error.exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'usage';
  return (error as { code?: unknown } | null)?.code === 'COMPUTE_NOT_SET_UP' ? 'configuration' : 'failed';
}
