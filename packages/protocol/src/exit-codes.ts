import type { ProblemCode } from './problems.ts';

/**
 * The one table of exit codes of every program: code, what it means, what to do next. From 64 on as sysexits.h has them;
 * 130 is what a shell says of a program that Ctrl-C ended.
 */
export const EXIT_CODES = {
  done: [0, 'The work is done.', 'Nothing is left to do.'],
  failed: [
    1,
    'Something broke.',
    'The line on standard error begins with a code and says what to do about it.',
  ],
  rejected: [
    10,
    'The privacy audit, the registry or the filters said no. This is a result.',
    'Read the reports in the run directory. Train for longer or with more films, then run again.',
  ],
  undecided: [
    11,
    'The privacy audit could not decide. This is a result.',
    'Too few patients were held out. Ingest films of more patients, then run again.',
  ],
  nothing: [
    12,
    'There was nothing to do, or too few films to do it with.',
    'Ingest films, then run the command again.',
  ],
  usage: [64, 'The command was called wrongly.', 'See the command’s `--help`.'],
  waiting: [
    75,
    'It was stopped, or something that it needs is away for now.',
    'Run the same command again. It goes on where it was.',
  ],
  configuration: [
    78,
    'A setting, a file of the home or this machine does not fit.',
    'Correct what the line on standard error names. `synspine-site doctor` checks all of it.',
  ],
  interrupted: [130, 'Ctrl-C or SIGTERM ended the demo.', 'The same command goes on.'],
} as const satisfies Record<string, readonly [exitCode: number, meaning: string, nextStep: string]>;

export type ExitName = keyof typeof EXIT_CODES;

export function exitCode(name: ExitName): number {
  return EXIT_CODES[name][0];
}

const PROBLEM_EXITS: Partial<Record<ProblemCode, ExitName>> = {
  VALIDATION_FAILED: 'usage',
  ENROLMENT_CODE_INVALID: 'usage',
  NOT_FOUND: 'usage',
  RELEASE_WITHDRAWN: 'rejected',
  SITE_EXISTS: 'usage',
  TOKEN_MISSING: 'configuration',
  TOKEN_INVALID: 'configuration',
  FORBIDDEN: 'configuration',
  SITE_SUSPENDED: 'waiting',
  SITE_REVOKED: 'configuration',
  CLOCK_SKEW: 'configuration',
  UPGRADE_REQUIRED: 'configuration',
  DATE_IN_FUTURE: 'configuration',
  DEMONSTRATION_REFUSED: 'configuration',
  AUDIT_NOT_APPROVED: 'rejected',
  RATE_LIMITED: 'waiting',
  STORE_UNAVAILABLE: 'waiting',
  ROW_DAMAGED: 'waiting',
  INTERNAL: 'waiting',
};

/** How a program ends that the registry answered with this problem. */
export function exitOfProblem(code: ProblemCode): ExitName {
  return PROBLEM_EXITS[code] ?? 'failed';
}
