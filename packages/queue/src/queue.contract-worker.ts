// A worker process for the queue's contract suite: takes one job, says so, and hangs until it is killed.
import { defineJob } from './define-job.ts';
import { openQueue } from './open-queue.ts';

const [url, name, lockMs] = process.argv.slice(2);
const queue = await openQueue({ url: url! });
const job = defineJob(name!, { parse: (value) => value as { runId: string } });
await queue.work(
  job,
  async (_payload, { signal }) => {
    process.stdout.write('started\n');
    signal.addEventListener('abort', () => process.stdout.write(`${signal.reason.code}\n`));
    await new Promise(() => setInterval(() => undefined, 1_000));
  },
  { lockMs: Number(lockMs) },
);
