import {
  ConnectionError,
  type ExitName,
  exitOfProblem,
  ProblemError,
} from '../../packages/protocol/src/index.ts';

/** What can go wrong on a researcher's machine: how the command ends then, and what to do next. */
const TOOL_ERRORS = {
  REGISTRY_UNREACHABLE: [
    'waiting',
    'The registry does not answer. Check the network and --registry, then run the command again; a download goes on where it was.',
  ],
  MANIFEST_MISSING: [
    'configuration',
    'There is no manifest.jws in this folder. Name the folder that `synspine pull` wrote, or pull the data set again.',
  ],
  TOKEN_UNREADABLE: ['configuration', 'The file with the token can not be read. Check --token-file.'],
} as const satisfies Record<string, readonly [ExitName, nextStep: string]>;

type ToolErrorCode = keyof typeof TOOL_ERRORS;

/** A broken promise, by its code in {@link TOOL_ERRORS}. */
export class ToolError extends Error {
  readonly code: ToolErrorCode;

  constructor(code: ToolErrorCode, options?: ErrorOptions) {
    super(`${code}: ${TOOL_ERRORS[code][1]}`, options);
    this.name = 'ToolError';
    this.code = code;
  }
}

/** One line for a person, and the name of the exit code. */
export function describeFailure(thrown: unknown): { text: string; exit: ExitName } {
  const error = isNetworkError(thrown) ? new ToolError('REGISTRY_UNREACHABLE') : thrown;
  if (error instanceof ToolError) return { text: error.message, exit: TOOL_ERRORS[error.code][0] };
  if (error instanceof ConnectionError) return { text: error.message, exit: error.exit };
  if (error instanceof ProblemError) return { text: error.message, exit: exitOfProblem(error.code) };
  const { code = '', message } = error as Error & { code?: string };
  const text = code && !message.startsWith(code) ? `${code}: ${message}` : message;
  return { text, exit: exitOf(code) };
}

/** `fetch` has no codes: it says `fetch failed` where nothing answers, and `terminated` where an answer was cut off. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message);
}

function exitOf(code: string): ExitName {
  if (code.startsWith('ERR_PARSE_ARGS')) return 'usage';
  return ['COMPUTE_NOT_SET_UP', 'ENOENT', 'EACCES'].includes(code) ? 'configuration' : 'failed';
}
