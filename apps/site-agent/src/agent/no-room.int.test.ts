import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testDatabase } from '@synspine/test-services';
import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { createRun } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readState, waitOfRun } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { startAgent } from './agent.ts';

const temporaryFolder = useTemporaryFolders();
const WORKER = fileURLToPath(new URL('./no-room.fixture.ts', import.meta.url));

it('a run waits where no larger file may be written, and counts no attempt', async () => {
  const home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  const command = [process.execPath, '--import', import.meta.resolve('tsx'), WORKER, home.path, run.runId];
  await promisify(execFile)('prlimit', ['--fsize=65536', ...command]);
  const state = await readState(run);
  expect(state).toMatchObject({ status: 'running', failures: 0 });
  expect(waitOfRun(state)).toEqual({ code: 'DISK_FULL', since: state.waitingSince });
});

it('a run waits where the disk can only be read, and goes on once it can be written', async () => {
  const disk = await temporaryFolder();
  const mount = (...options: string[]) => execFileSync('mount', [...options, 'tmpfs', disk]); // needs root
  mount('-t', 'tmpfs', '-o', 'size=8m');
  try {
    const home = await openHome(join(disk, 'home'), { create: true });
    const config = readConfig({ SYNSPINE_RECONCILE_SECONDS: '0.2', QUEUE_URL: await testDatabase() });
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const agent = await startAgent({ home, config, log: createLog('info', { write }), isolation: [] });
    try {
      const run = await createRun(home, DEFAULT_RUN_OPTIONS);
      mount('-o', 'remount,ro');
      while (!lines.some((line) => line.includes('run waits'))) await sleep(100);
      expect(lines.join('')).toContain('"code":"DISK_READ_ONLY"');
      expect(await readState(run)).toMatchObject({ status: 'running', failures: 0 });
      mount('-o', 'remount,rw');
      while ((await readState(run)).status === 'running') await sleep(100);
      expect(await readState(run)).toMatchObject({ status: 'stopped', code: 'NO_FILMS', failures: 0 });
    } finally {
      await agent.stop();
    }
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
}, 120_000);
