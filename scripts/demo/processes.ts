import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExitName, exitCode } from '../../packages/protocol/src/index.ts';

const bins = {
  registry: 'apps/registry/bin/synspine-registry.mjs',
  site: 'apps/site-agent/bin/synspine-site.mjs',
  benchmark: 'apps/benchmark/bin/synspine-benchmark.mjs',
} as const;

export type Program = keyof typeof bins;
type StartOptions = { env?: Record<string, string>; logFile: string; onLine?(line: string): void };
/** `results`: ways to end that are a result, not a failure, beside `done`. */
type RunOptions = StartOptions & { results?: readonly ExitName[] };

export class ProgramError extends Error {}

/** Starts one of the three programs as its users do, from its own command line. */
export function createPrograms(root: string) {
  const running = new Set<ChildProcess>();

  function start(
    program: Program,
    args: string[],
    { env = {}, logFile, onLine }: StartOptions,
  ): ChildProcess {
    mkdirSync(dirname(logFile), { recursive: true });
    const log = createWriteStream(logFile, { flags: 'a' });
    const child = spawn(process.execPath, [join(root, bins[program]), ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false });
      if (onLine) eachLine(stream, onLine);
    }
    return child;
  }

  /** Runs to the end and answers standard output; a failure names the log to look at. */
  async function run(program: Program, args: string[], options: RunOptions): Promise<string> {
    const child = start(program, args, options);
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const results = ['done' as const, ...(options.results ?? [])].map(exitCode);
    if (!results.includes(code as number))
      throw new ProgramError(
        `synspine-${program} ${args[0]} ended with code ${code}; see ${options.logFile}`,
      );
    return out;
  }

  async function stop(child: ChildProcess) {
    if (!running.has(child)) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async function stopAll() {
    await Promise.all([...running].map(stop));
  }

  return { start, run, stop, stopAll };
}
export type Programs = ReturnType<typeof createPrograms>;

function eachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void) {
  let rest = '';
  stream?.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
