import { runId } from '@synspine/protocol';
import { defineJob, openQueue, type QueueConnection, startEmbeddedPostgres } from '@synspine/queue';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { errorCode } from '../site-error.ts';
import { STAGE_NAMES } from '../stages/stage.ts';

const stagePayload = z.strictObject({ runId, stage: z.enum(STAGE_NAMES), ticket: z.int().positive() });
export type StagePayload = z.infer<typeof stagePayload>;

export type SiteQueue = {
  connection: QueueConnection;
  job: ReturnType<typeof defineStageJob>;
  /** True when no other agent can reach this queue: what it holds was left by an agent that is gone. */
  isOwn: boolean;
  /** From now on, connections that end are meant to: nothing is reported. */
  expectEnd(): void;
  close(): Promise<void>;
};

/** Opens the job queue: the configured one, or the home's own PostgreSQL, which is started for as long as it is open. */
export async function openSiteQueue(home: Home, config: Config, log: Log): Promise<SiteQueue> {
  let isClosing = false;
  const expectEnd = () => {
    isClosing = true;
  };
  const onError = (error: Error) => {
    if (!isClosing) log.warn('queue reported a problem', { code: errorCode(error) });
  };
  const job = defineStageJob(home);
  if (config.queueUrl) {
    const connection = await openQueue({ url: config.queueUrl, onError });
    return { connection, job, isOwn: false, expectEnd, close: () => connection.close() };
  }
  const server = await startEmbeddedPostgres({ dataDir: home.folders.postgres });
  await server.createDatabase('queue');
  const connection = await openQueue({ url: server.url('queue'), onError });
  const close = async () => {
    await connection.close();
    await server.stop();
  };
  return { connection, job, isOwn: true, expectEnd, close };
}

/** One job is one attempt: how often a stage is tried is the run directory's to say, not the queue's. */
function defineStageJob(home: Home) {
  return defineJob(`site-${home.id}.stage`, stagePayload, { attempts: 1 });
}

/** The id under which the queue knows a stage's present attempt. */
export function jobIdOf({ runId, stage, ticket }: StagePayload): string {
  return `${runId}.${stage}.${ticket}`;
}
