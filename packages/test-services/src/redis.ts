import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { Redis } from 'ioredis';
import { runAfterDeath, temporaryDir } from './watchdog.ts';

export interface TestRedis {
  url: string;
  /** Ends the server as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; needs `kill` or `stop` before. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;

function launch(dir: string, port: number, extra: string[]): ChildProcess {
  const log = openSync(`${dir}/redis.log`, 'a');
  const settings = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--appendonly',
    'yes',
    '--save',
    '',
  ];
  const child = spawn('redis-server', [...settings, '--maxmemory-policy', 'noeviction', ...extra], {
    stdio: ['ignore', log, log],
  });
  child.unref();
  return child;
}

async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (cause) => {
    failure = new Error('redis-server is not installed. Run: apt-get install redis-server', { cause });
  });
  child.once('exit', () => {
    failure ??= new Error('redis-server ended while starting. Read redis.log in its temporary folder.');
  });
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(20)) {
    if (failure) throw failure;
    if (await answers(url)) return;
  }
  throw new Error('redis-server did not answer in 15 s. Read redis.log in its temporary folder.');
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined); // ping() rejects with the same error
  try {
    await client.ping();
    return true;
  } catch {
    return false; // refused, or still loading its file: asked again until the deadline
  } finally {
    client.disconnect();
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await ended;
}

/**
 * A real Redis of one's own on 127.0.0.1, with append-only file and noeviction; `extra` are further redis-server
 * arguments. Gone once the process has ended. Fails, never skips, when redis-server is not installed.
 */
export async function testRedis(extra: string[] = []): Promise<TestRedis> {
  const dir = temporaryDir('redis');
  const port = await getPort({ host: '127.0.0.1' });
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    child = launch(dir, port, ['--pidfile', `${dir}/pid`, '--daemonize', 'no', ...extra]);
    await waitUntilReady(child, url);
  };
  runAfterDeath('kill -KILL "$(cat "$1/pid")"; rm -rf "$1"', [dir]);
  await start();
  return { url, start, kill: () => end(child, 'SIGKILL'), stop: () => end(child, 'SIGTERM') };
}
