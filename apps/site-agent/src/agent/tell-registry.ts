import { type RunOutcome, reasonOf, type SiteStatus } from '@synspine/protocol';
import { readLines } from '../durable-file.ts';
import { type Home, isEnrolled } from '../home.ts';
import type { Log } from '../log.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { outcomeOf, readState, waitOfRun } from '../runs/run-state.ts';
import { errorCode } from '../site-error.ts';
import type { Progress, StageName } from '../stages/stage.ts';
import { AGENT_VERSION } from '../version.ts';

const EVERY_MS = 20_000;
const TIMEOUT_MS = 10_000;

/** Tells the registry what this site is doing, so that an admin sees it. Best effort: no run ever waits for it. */
export type Teller = {
  /** Tells of a stage now and every 20 s, until the returned function is called. */
  working(run: RunFolder, stage: StageName): () => void;
  idle(): Promise<void>;
};

type News = { stage: 'idle' } | { stage: StageName; run: RunFolder };

export function createTeller(home: Home, log: Log): Teller {
  let registry: Registry | undefined;
  let latest: News | undefined; // not yet sent; what it replaces is old by now
  let sending: Promise<void> | undefined;
  const send = async (news: News) => {
    if (!isEnrolled(home)) return;
    try {
      registry ??= await openRegistry(home);
      const { stage } = news;
      const progress = 'run' in news ? await shareOf(news.run, news.stage) : 0;
      const waiting = 'run' in news ? waitOfRun(await readState(news.run)) : undefined;
      const body = {
        ...(waiting && { waiting }),
        agentVersion: AGENT_VERSION,
        stage,
        progress,
        lastRun: await describeLastRun(home),
      };
      await registry.client.call('reportStatus', { body }, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      log.warn('status was not sent', { code: errorCode(error) });
    }
  };
  const sendAll = async () => {
    for (let news = latest; news; news = latest) {
      latest = undefined;
      await send(news); // one at a time, or the registry could hear of the end before the rest
    }
    sending = undefined;
  };
  const tell = (news: News) => {
    latest = news;
    sending ??= sendAll();
    return sending;
  };
  return {
    working: (run, stage) => {
      const now = () => void tell({ stage, run });
      now();
      const timer = setInterval(now, EVERY_MS);
      return () => clearInterval(timer);
    },
    idle: () => tell({ stage: 'idle' }),
  };
}

async function shareOf(run: RunFolder, stage: StageName): Promise<number> {
  const lines = await readLines<Progress & { stage: StageName }>(run.files.progress);
  const share = lines.findLast((line) => line.stage === stage)?.share ?? 0;
  return Math.min(1, Math.max(0, share));
}

/** The newest run that is over: its verdict with the reason, and nothing of its figures. */
async function describeLastRun(home: Home): Promise<SiteStatus['lastRun']> {
  for (const run of await listRuns(home)) {
    const state = await readState(run);
    if (state.status === 'running') continue;
    const decision = DECISIONS[outcomeOf(state)];
    const why = state.code === null ? {} : { code: reasonOf(state.code) };
    return { runId: run.runId, finishedAt: state.updatedAt, decision, ...why };
  }
  return null;
}

const DECISIONS = {
  done: 'approve',
  rejected: 'reject',
  undecided: 'undecided',
  nothing: 'nothing',
  waiting: 'stopped',
  configuration: 'failed',
  failed: 'failed',
} as const satisfies Record<RunOutcome, NonNullable<SiteStatus['lastRun']>['decision']>;
