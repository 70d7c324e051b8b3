import { join } from 'node:path';
import pino from 'pino';
import type { Config } from '../config.ts';
import type { Home } from '../home.ts';
import { createLog, type Log } from '../log.ts';

/** The agent's log: on stderr for whoever collects it, or in the home where a person watches a progress bar. */
export function openLog(home: Home, { logLevel }: Config): Log {
  if (!process.stderr.isTTY) return createLog(logLevel);
  return createLog(
    logLevel,
    pino.destination({ dest: join(home.path, 'agent.log'), sync: true, mode: 0o600 }),
  );
}
