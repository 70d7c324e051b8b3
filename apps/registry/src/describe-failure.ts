import { EXIT_CODES, type ExitName, exitCode, exitOfProblem, ProblemError } from '@synspine/protocol';
import { CommanderError } from 'commander';

const NEXT_STEPS: Record<string, string> = {
  ECONNREFUSED: 'The database does not answer. Check DATABASE_URL, and that the server runs.',
  ENOTFOUND: 'The host of DATABASE_URL is unknown. Check the name.',
  ETIMEDOUT: 'The database does not answer. Check DATABASE_URL and the network.',
  '28P01': 'The database refused the password. Check DATABASE_URL.',
  '28000': 'The database refused the user. Check DATABASE_URL.',
  '3D000': 'The database of DATABASE_URL does not exist. Create it.',
  '42501': 'The database’s user may not create tables. Give it the rights of the database’s owner.',
  EADDRINUSE: 'The port is taken. Set PORT to another one, or stop the program that has it.',
  EADDRNOTAVAIL: 'This machine has no such address. Check LISTEN_HOST.',
  DEMONSTRATIONS_HELD:
    'DEMONSTRATIONS_HELD: The database holds releases of a demonstration, which only this machine may be served. ' +
    'Begin with an empty database, or set LISTEN_HOST and PUBLIC_URL to 127.0.0.1.',
  EACCES: 'A folder or port may not be used by this account. Check DATA_DIR and PORT.',
};
// Errors of this project, whose messages say what to do next and quote nothing.
const OURS = /^(EMBEDDED_|DATABASE_|DASHBOARD_|MIGRATION_|USAGE|STOR|KEY_)/;

/** Ours that a setting causes. */
const SETTINGS = new Set(['DATABASE_MISSING', 'DASHBOARD_MISSING']);
/** The database is away for now: the same command may work later. */
const AWAY = new Set(['ECONNREFUSED', 'ETIMEDOUT']);

/**
 * One line for a person who starts the registry, and the exit code. Messages of others may quote data or passwords, so
 * they are left out.
 */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  const { code = '', message, name } = error as Error & { code?: string };
  const exit = exitCode(exitOf(error, code));
  if (error instanceof CommanderError)
    return { text: exit === 0 ? '' : EXIT_CODES.usage.slice(1).join(' '), exitCode: exit };
  const isOurs = error instanceof ProblemError || OURS.test(code);
  return {
    text: isOurs ? message : (NEXT_STEPS[code] ?? `The registry failed with ${code || name}.`),
    exitCode: exit,
  };
}

function exitOf(error: unknown, code: string): ExitName {
  if (error instanceof ProblemError) return exitOfProblem(error.code);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'usage';
  if (code === 'USAGE') return 'usage';
  if (AWAY.has(code)) return 'waiting';
  return NEXT_STEPS[code] || SETTINGS.has(code) ? 'configuration' : 'failed';
}
