import type { SiteStatus } from '@synspine/protocol';
import { readLines } from '../durable-file.ts';
import { type Home, isEnrolled } from '../home.ts';
import type { Log } from '../log.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { type RunState, readState } from '../runs/run-state.ts';
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

export function createTeller(home: Home, log: Log): Teller {
  let registry: Promise<Registry> | undefined;
  const tell = async (stage: SiteStatus['stage'], progress: number) => {
    if (!isEnrolled(home)) return;
    try {
      registry ??= openRegistry(home);
      const { client } = await registry;
      const body = { agentVersion: AGENT_VERSION, stage, progress, lastRun: await describeLastRun(home) };
      await client.call('reportStatus', { body }, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      log.warn('status was not sent', { code: errorCode(error) });
    }
  };
  return {
    working: (run, stage) => {
      const now = async () => tell(stage, await shareOf(run, stage));
      void now();
      const timer = setInterval(() => void now(), EVERY_MS);
      return () => clearInterval(timer);
    },
    idle: () => tell('idle', 0),
  };
}

async function shareOf(run: RunFolder, stage: StageName): Promise<number> {
  const lines = await readLines<Progress & { stage: StageName }>(run.files.progress);
  const share = lines.findLast((line) => line.stage === stage)?.share ?? 0;
  return Math.min(1, Math.max(0, share));
}

/** The newest run that is over: its verdict and nothing of its figures. */
async function describeLastRun(home: Home): Promise<SiteStatus['lastRun']> {
  for (const run of await listRuns(home)) {
    const state = await readState(run);
    const decision = decisionOf(state);
    if (decision) return { runId: run.runId, finishedAt: state.updatedAt, decision };
  }
  return null;
}

function decisionOf({ status, code }: RunState): NonNullable<SiteStatus['lastRun']>['decision'] | undefined {
  if (status === 'finished') return 'approve';
  if (status === 'rejected') return code === 'AUDIT_UNDECIDED' ? 'undecided' : 'reject';
  return status === 'failed' ? 'failed' : undefined;
}
