import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Contender = {
  name: string;
  pid: number;
  /** Sends a request and waits for its answer. Errors: when the process ends before it answers. */
  ask<T>(command: string, request?: object): Promise<T>;
  close(): Promise<void>;
};

/** Starts a process that answers JSON requests line by line, and waits until it says that it is ready. */
export async function startContender(
  name: string,
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Contender> {
  // `env` as the command's prefix: the rest of the environment is inherited
  const assignments = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const child = spawn('env', [...assignments, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await answers.next();
      if (done) throw new Error(`${name} ended before it answered (exit code ${child.exitCode}).`);
      if (value.startsWith('{')) return JSON.parse(value); // libraries print other lines
    }
  };
  await next();
  return {
    name,
    pid: child.pid!, // env replaces itself by the command
    ask: async (request, details = {}) => {
      child.stdin!.write(`${JSON.stringify({ command: request, ...details })}\n`);
      return next();
    },
    close: () => end(child),
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.stdin!.end();
  });
}
