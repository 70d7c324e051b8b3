import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from './backends.ts';
import { defineJob } from './define-job.ts';
import { openQueue, type QueueConnection } from './open-queue.ts';

/** What the suite needs of the server that keeps the queue. */
export interface QueueServer {
  url: string;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again at the same URL with what it had acknowledged. */
  start(): Promise<void>;
  /** Deletes every job behind the queue's back. */
  wipe(): Promise<void>;
}

interface RunPayload {
  runId: string;
}

const runSchema = {
  parse(value: unknown): RunPayload {
    const { runId } = value as RunPayload;
    if (typeof runId !== 'string') throw new Error(`runId is not a string: ${runId}`);
    return { runId };
  },
};

const LOCK_MS = 800;
const SETTLE_MS = 20_000;
let jobCount = 0;

/** A job kind that no other test uses. */
function freshJob(options?: { attempts?: number; backoffMs?: number }) {
  jobCount++;
  return defineJob(`contract.${Date.now().toString(36)}.${jobCount}`, runSchema, options);
}

function until(check: () => void | Promise<void>) {
  return vi.waitFor(check, { timeout: SETTLE_MS, interval: 50 });
}

/** The rules that every queue backend keeps, on a real server. */
export function describeQueue(name: string, openServer: () => Promise<QueueServer>): void {
  describe(`job queue on ${name}`, () => {
    let server: QueueServer;
    const open: QueueConnection[] = [];
    const children: ChildProcess[] = [];
    const connect = async () => {
      const connection = await openQueue({ url: server.url });
      open.push(connection);
      return connection;
    };
    /** A worker in a process of its own, which takes the job and never finishes. */
    const startHangingWorker = (jobName: string) => {
      const script = fileURLToPath(new URL('./queue.contract-worker.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, jobName, `${LOCK_MS}`]);
      children.push(child);
      return child;
    };

    beforeAll(async () => {
      server = await openServer();
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await Promise.all(open.splice(0).map((connection) => connection.close()));
    });

    test('a job goes through waiting and active to completed, with its payload', async () => {
      const queue = await connect();
      const job = freshJob();
      expect(await queue.state(job, 'run-1')).toBe('missing');
      await queue.enqueue(job, { runId: 'run-1' }, { jobId: 'run-1' });
      expect(await queue.state(job, 'run-1')).toBe('waiting');
      let finish = () => {};
      const seen: unknown[] = [];
      await queue.work(job, async (payload, { attempt, jobId }) => {
        seen.push({ ...payload, attempt, jobId });
        await new Promise<void>((done) => {
          finish = done;
        });
      });
      await until(async () => expect(await queue.state(job, 'run-1')).toBe('active'));
      await until(() => expect(seen).toEqual([{ runId: 'run-1', attempt: 1, jobId: 'run-1' }]));
      finish();
      await until(async () => expect(await queue.state(job, 'run-1')).toBe('completed'));
    });

    test('enqueueing one job id 20 times at once, and again after it completed, runs it once', async () => {
      const queue = await connect();
      const job = freshJob();
      let runs = 0;
      await queue.work(job, async () => {
        runs++;
      });
      const enqueue = () => queue.enqueue(job, { runId: 'r' }, { jobId: 'same' });
      await Promise.all(Array.from({ length: 20 }, enqueue));
      await until(async () => expect(await queue.state(job, 'same')).toBe('completed'));
      await enqueue();
      await sleep(300);
      expect(runs).toBe(1);
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'same', again: true });
      await until(() => expect(runs).toBe(2));
    });

    test('a failing job is tried again until its last attempt, and only then is failed', async () => {
      const queue = await connect();
      const job = freshJob({ attempts: 2, backoffMs: 50 });
      const failures: unknown[] = [];
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'fails' });
      const handler = async () => {
        throw Object.assign(new Error('film of ZZCANARY is unreadable'), { code: 'FILM_UNREADABLE' });
      };
      await queue.work(job, handler, {
        onFailure: ({ attempt, isLast, error }) => failures.push([attempt, isLast, (error as Error).message]),
      });
      await until(async () => expect(await queue.state(job, 'fails')).toBe('failed'));
      const message = 'film of ZZCANARY is unreadable';
      expect(failures).toEqual([
        [1, false, message],
        [2, true, message],
      ]);
    });

    test.each(['stalled', 'meta', 'wait', 'id', '7', '0'])('%j is a job id like any other', async (jobId) => {
      const queue = await connect();
      const job = freshJob();
      await queue.enqueue(job, { runId: 'r' }, { jobId });
      const seen: string[] = [];
      await queue.work(job, async (_payload, context) => void seen.push(context.jobId), { lockMs: LOCK_MS });
      await until(async () => expect(await queue.state(job, jobId)).toBe('completed'));
      expect(seen).toEqual([jobId]);
    });

    test.each(['', 'a:b', 'a/b', 'a b', 'x'.repeat(201)])('the job id %j is refused', async (jobId) => {
      const queue = await connect();
      const enqueue = queue.enqueue(freshJob(), { runId: 'r' }, { jobId });
      await expect(enqueue).rejects.toMatchObject({ code: 'QUEUE_JOB_ID_INVALID' });
    });

    test('a payload that breaks its schema or holds more than ids is refused before it is stored', async () => {
      const queue = await connect();
      const job = freshJob();
      const enqueue = (payload: unknown) => queue.enqueue(job, payload as RunPayload, { jobId: 'bad' });
      for (const payload of [
        {},
        { runId: 7 },
        { runId: 'DOE^JANE' },
        { runId: '/films/doe.dcm' },
        { runId: 'a b' },
      ]) {
        await expect(enqueue(payload)).rejects.toMatchObject({ code: 'QUEUE_PAYLOAD_INVALID' });
      }
      expect(await queue.state(job, 'bad')).toBe('missing');
    });

    test('a worker fails a job of an incompatible older payload at once, without calling the handler', async () => {
      const queue = await connect();
      const current = freshJob({ attempts: 5 });
      const older = defineJob(current.name, { parse: (value) => value as { run: string } }, { attempts: 5 });
      await queue.enqueue(older, { run: 'r' }, { jobId: 'old' });
      let calls = 0;
      await queue.work(current, async () => {
        calls++;
      });
      await until(async () => expect(await queue.state(current, 'old')).toBe('failed'));
      expect(calls).toBe(0);
    });

    test('a stopping worker puts its job back, and the next worker finishes it', async () => {
      const queue = await connect();
      const job = freshJob({ attempts: 1 });
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'moved' });
      const reasons: unknown[] = [];
      const worker = await queue.work(job, async (_payload, { signal }) => {
        await new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason)));
      });
      await until(async () => expect(await queue.state(job, 'moved')).toBe('active'));
      await worker.stop();
      expect(await queue.state(job, 'moved')).toBe('waiting');
      await queue.work(job, async (_payload, { attempt }) => {
        reasons.push(attempt);
      });
      await until(async () => expect(await queue.state(job, 'moved')).toBe('completed'));
      expect(reasons).toEqual([2]);
    });

    test('a job whose worker is killed three times is still taken up by the next one', async () => {
      const queue = await connect();
      const job = freshJob({ attempts: 1 });
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'killed' });
      for (let death = 1; death <= 3; death++) {
        const child = startHangingWorker(job.name);
        await new Promise<void>((done) => child.stdout!.once('data', () => done()));
        child.kill('SIGKILL');
      }
      const attempts: number[] = [];
      await queue.work(job, async (_payload, { attempt }) => void attempts.push(attempt), {
        lockMs: LOCK_MS,
      });
      await until(async () => expect(await queue.state(job, 'killed')).toBe('completed'));
      expect(attempts).toEqual([4]);
    });

    test('a worker that was frozen past its lock is told that the job is no longer its own', async () => {
      const queue = await connect();
      const job = freshJob();
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'frozen' });
      const zombie = startHangingWorker(job.name);
      let said = '';
      zombie.stdout!.on('data', (data) => {
        said += data;
      });
      await until(() => expect(said).toContain('started'));
      zombie.kill('SIGSTOP');
      let runs = 0;
      await queue.work(job, async () => void runs++, { lockMs: LOCK_MS });
      await until(() => expect(runs).toBe(1));
      zombie.kill('SIGCONT');
      await until(() => expect(said).toContain('QUEUE_LOCK_LOST'));
      await sleep(2 * LOCK_MS);
      expect(await queue.state(job, 'frozen')).toBe('completed');
      expect(runs).toBe(1);
    });

    test('a healthy job far longer than its lock runs once and keeps its signal', async () => {
      const queue = await connect();
      const job = freshJob();
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'long' });
      let runs = 0;
      let wasAborted = false;
      const handler = async (_payload: RunPayload, { signal }: { signal: AbortSignal }) => {
        runs++;
        await sleep(4 * LOCK_MS);
        wasAborted ||= signal.aborted;
      };
      await queue.work(job, handler, { lockMs: LOCK_MS });
      await queue.work(job, handler, { lockMs: LOCK_MS });
      await until(async () => expect(await queue.state(job, 'long')).toBe('completed'));
      expect({ runs, wasAborted }).toEqual({ runs: 1, wasAborted: false });
    });

    test('the reconciler enqueues again what was wiped, and nothing that is still there', async () => {
      const queue = await connect();
      const job = freshJob();
      const truth = ['a', 'b', 'c'].map((id) => ({ jobId: `run-${id}`, payload: { runId: id } }));
      for (const { jobId, payload } of truth) await queue.enqueue(job, payload, { jobId });
      const reconciler = queue.reconcile(job, async () => truth, { everyMs: 600_000 });
      expect(await reconciler.runNow()).toBe(0);
      await server.wipe();
      expect(await queue.state(job, 'run-a')).toBe('missing');
      expect(await reconciler.runNow()).toBe(3);
      expect(await reconciler.runNow()).toBe(0);
      const done: string[] = [];
      await queue.work(job, async ({ runId }) => void done.push(runId));
      await until(() => expect(done.sort()).toEqual(['a', 'b', 'c']));
    });

    test('the reconciler leaves a job alone that failed by its own fault', async () => {
      const queue = await connect();
      const job = freshJob({ attempts: 1 });
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'faulty' });
      await queue.work(job, async () => {
        throw new Error('broken');
      });
      await until(async () => expect(await queue.state(job, 'faulty')).toBe('failed'));
      const truth = [{ jobId: 'faulty', payload: { runId: 'r' } }];
      const reconciler = queue.reconcile(job, async () => truth, { everyMs: 600_000 });
      expect(await reconciler.runNow()).toBe(0);
    });

    test('the reconciler enqueues again what the queue failed for good because its workers died', async () => {
      const queue = await connect();
      const job = freshJob();
      await queue.enqueue(job, { runId: 'r' }, { jobId: 'stalled' });
      // BullMQ with its stall limit as strict as it goes: one worker goes away with the job, the next one finds it.
      const backend = await openBackend(server.url);
      const strict = { lockDuration: 300, stalledInterval: 300, maxStalledCount: 0, skipLockRenewal: true };
      const openStrict = () => {
        const worker = backend.openWorker(job.name, () => new Promise<void>(() => undefined), strict);
        worker.on('error', () => undefined);
        return worker;
      };
      const first = openStrict();
      await until(async () => expect(await queue.state(job, 'stalled')).toBe('active'));
      await first.close(true);
      const second = openStrict();
      await until(async () => expect(await queue.state(job, 'stalled')).toBe('failed'));
      await second.close(true);
      const truth = [{ jobId: 'stalled', payload: { runId: 'r' } }];
      const reconciler = queue.reconcile(job, async () => truth, { everyMs: 600_000 });
      await until(async () => expect(await queue.state(job, 'stalled')).toBe('waiting'));
      expect(await reconciler.runNow()).toBe(0);
    });

    test('acknowledged jobs survive a crash of the server, and workers go on without a restart', async () => {
      const queue = await connect();
      const job = freshJob();
      const done: string[] = [];
      await queue.work(job, async ({ runId }) => void done.push(runId), { lockMs: LOCK_MS });
      const paused = freshJob();
      await queue.enqueue(paused, { runId: 'kept' }, { jobId: 'kept' });
      // Redis' append-only file is synced once a second; what it acknowledges in that second can be lost.
      await sleep(1_500);
      await server.kill();
      await expect(queue.enqueue(job, { runId: 'lost' }, { jobId: 'lost' })).rejects.toThrow();
      await server.start();
      await until(async () => expect(await queue.state(paused, 'kept')).toBe('waiting'));
      await queue.enqueue(job, { runId: 'after' }, { jobId: 'after' });
      await until(() => expect(done).toContain('after'));
    });

    test('a closed connection refuses work with a code', async () => {
      const queue = await openQueue({ url: server.url });
      await queue.close();
      const job = freshJob();
      const enqueue = queue.enqueue(job, { runId: 'r' }, { jobId: 'late' });
      await expect(enqueue).rejects.toMatchObject({ code: 'QUEUE_CLOSED' });
    });
  });
}
