import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.ts';

/** Our reading of films, in as many processes as the job says. Usage: ingest.ts JOB.json */
const job = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as { processes: number; isWhole: boolean };

const worker = fileURLToPath(new URL('./ingest-worker.ts', import.meta.url));
const execArgv = ['--import', import.meta.resolve('tsx')];
const workers = Array.from({ length: job.processes }, () => fork(worker, { execArgv }));

const AHEAD = 2; // a worker need not wait for its next task, as in Python's pool

/** Works through the tasks that are left, with one worker. */
async function drain(child: ChildProcess, tasks: object[]): Promise<void> {
  let running = 0;
  const send = (task: object) => {
    child.send(task);
    running += 1;
  };
  while (tasks.length > 0 || running > 0) {
    while (running < AHEAD && tasks.length > 0) send(tasks.shift()!);
    await once(child, 'message');
    running -= 1;
  }
}

await serve({
  async ingest(request) {
    const { paths, out } = request as unknown as { paths: string[]; out: string };
    const tasks = paths.map((path) => ({ path, out, isWhole: job.isWhole }));
    const begin = performance.now();
    await Promise.all(workers.map((child) => drain(child, tasks)));
    return { seconds: (performance.now() - begin) / 1000 };
  },
  figures: async () => ({ versions: {} }),
});
for (const child of workers) child.disconnect();
