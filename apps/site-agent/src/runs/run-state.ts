import { existsSync } from 'node:fs';
import { RUN_REASONS, type RunOutcome, reasonOf, type SiteStatus, waitReasonOf } from '@synspine/protocol';
import { z } from 'zod';
import { appendLine, type Guard, writeJson } from '../durable-file.ts';
import { readValue, sealValue } from '../sealed-file.ts';
import type { StageName } from '../stages/stage.ts';
import { readResult } from '../stages/stage-result.ts';
import type { RunFolder } from './run-folder.ts';

/**
 * `rejected` is an outcome, not an error: the privacy audit or the filters said no. `stopped`: there was nothing to train on, or not here
 * (agents of 0.1 wrote `rejected` for that, too; {@link outcomeOf} tells them apart). `failed` comes only after a stage's last attempt.
 */
export type RunStatus = 'running' | 'finished' | 'rejected' | 'stopped' | 'failed' | 'cancelled';

export type RunState = {
  status: RunStatus;
  /** Part of each job's id: grows whenever the same stage must be enqueued anew. A job with an old ticket does nothing. */
  ticket: number;
  /** Failed attempts of the present stage. */
  failures: number;
  /** Not before this time (ISO 8601) is the stage tried again. */
  notBefore: string | null;
  /** Why the run was rejected or failed, or what it waits for. */
  code: string | null;
  /** Since when it waits for something outside of it; absent and null: it doesn't. */
  waitingSince?: string | null;
  updatedAt: string;
};

const FIRST: RunState = {
  status: 'running',
  ticket: 1,
  failures: 0,
  notBefore: null,
  code: null,
  updatedAt: '',
};

/** A stage that has not failed yet. */
export const UNTROUBLED = { failures: 0, notBefore: null, code: null, waitingSince: null } as const;

/** The run's state; one that was asked to be cancelled reads as cancelled, whoever wrote last. */
export async function readState(run: RunFolder): Promise<RunState> {
  const state = await readKept(run);
  const isStopped = state.status === 'running' || state.status === 'failed';
  return isStopped && existsSync(run.files.cancel)
    ? { ...state, status: 'cancelled', code: 'CANCELLED' }
    : state;
}

async function readKept(run: RunFolder): Promise<RunState> {
  const value = await readValue<RunState>(run.files.state);
  if (value === undefined) return { ...FIRST, updatedAt: run.createdAt };
  const parsed = runState.safeParse(value);
  return parsed.success ? (parsed.data as RunState) : stateWithoutFile(run);
}

/** What can be told of a run whose state.json is damaged: its results say whether it is over. Else it can be taken up, from them. */
async function stateWithoutFile(run: RunFolder): Promise<RunState> {
  const isOver = (await readResult(run, 'upload'))?.kind === 'done';
  const ticket = Math.floor(Date.now() / 1_000); // higher than any that the queue knows
  const ended = isOver ? FINISHED : DAMAGED;
  return { ...FIRST, ...ended, ticket, updatedAt: run.createdAt };
}

const FINISHED = { status: 'finished', code: null } as const;
const DAMAGED = { status: 'failed', code: 'RUN_FILE_DAMAGED' } as const;

const nullableText = z.string().nullable();
const runState = z.object({
  status: z.enum(['running', 'finished', 'rejected', 'stopped', 'failed', 'cancelled']),
  ticket: z.int().positive(),
  failures: z.int().min(0),
  notBefore: nullableText,
  code: nullableText,
  waitingSince: nullableText.optional(),
  updatedAt: z.string(),
});

export async function changeState(
  run: RunFolder,
  change: Partial<RunState>,
  guard?: Guard,
): Promise<RunState> {
  const state = { ...(await readState(run)), ...change, updatedAt: new Date().toISOString() };
  await writeJson(run.files.state, sealValue(state), { guard });
  return state;
}

/** Longest wait between two attempts. */
export const WAIT_MAX_MS = 60_000;

/**
 * Whether a stage may be tried again. A time further ahead than any wait was written by a clock that was ahead, perhaps by a year: it
 * counts for nothing.
 */
export function isDue(notBefore: string | null, now: number): boolean {
  const waitMs = notBefore === null ? 0 : Date.parse(notBefore) - now;
  return !(0 < waitMs && waitMs <= WAIT_MAX_MS);
}

/** A failed run gets all its attempts again. */
export async function takeUp(run: RunFolder): Promise<void> {
  const { status, ticket } = await readState(run);
  if (status !== 'failed') return;
  await changeState(run, { status: 'running', ticket: ticket + 1, ...UNTROUBLED });
}

/** What a running run waits for, if it does. */
export function waitOfRun({ status, code, waitingSince }: RunState): SiteStatus['waiting'] {
  if (status !== 'running' || !waitingSince) return undefined;
  return { code: waitReasonOf(code ?? 'OTHER'), since: waitingSince };
}

/** How the run ended, or would if nobody took it up again. */
export function outcomeOf({ status, code }: Pick<RunState, 'status' | 'code'>): RunOutcome {
  if (status === 'finished') return 'done';
  if (status === 'running') return 'waiting';
  const reason = reasonOf(code ?? 'OTHER');
  return reason === 'OTHER' && status === 'rejected' ? 'rejected' : RUN_REASONS[reason][0];
}

/** What stays in the run directory about a failure, beyond the code that the log gets. */
export type Failure = { at: string; stage: StageName; epoch: number; code: string; where: readonly string[] };

export async function appendFailure(run: RunFolder, failure: Failure): Promise<void> {
  await appendLine(run.files.failures, failure);
}
