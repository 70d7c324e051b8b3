import { ProblemError } from '@synspine/protocol';

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
  EACCES: 'A folder or port may not be used by this account. Check DATA_DIR and PORT.',
};
// Errors of this project, whose messages say what to do next and quote nothing.
const OURS = /^(EMBEDDED_|DATABASE_|MIGRATION_|USAGE|STOR|KEY_)/;

/** One line for a person who starts the registry. Messages of others may quote data or passwords, so they are left out. */
export function describeFailure(error: unknown): string {
  const { code = '', message, name } = error as Error & { code?: string };
  if (error instanceof ProblemError || OURS.test(code)) return message;
  return NEXT_STEPS[code] ?? `The registry failed with ${code || name}.`;
}
