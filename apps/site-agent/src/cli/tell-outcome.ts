import { EXIT_CODES, exitCode, PROBLEMS, type ProblemCode } from '@synspine/protocol';
import type { RunSummary } from '../runs/run-summary.ts';
import { nextStepOf } from '../site-error.ts';

/** Makes the run's outcome the exit code of this command, and says on standard error what to do next. */
export function tellOutcome({
  status,
  outcome,
  code,
}: Pick<RunSummary, 'status' | 'outcome' | 'code'>): void {
  process.exitCode = exitCode(outcome);
  if (outcome === 'done' || status === 'running') return; // who stops a run was told already that it goes on
  const nextStep = nextStepOf(code ?? '') ?? PROBLEMS[code as ProblemCode]?.[1] ?? EXIT_CODES[outcome][2];
  const where = status === 'failed' ? ' failures.jsonl in the run directory says where.' : '';
  process.stderr.write(`synspine-site: ${code ?? outcome}: ${nextStep}${where}\n`);
}
