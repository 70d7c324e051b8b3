import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testDatabase } from '@synspine/test-services';
import { beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../agent/agent.ts';
import { findNextStage } from '../agent/next-stage.ts';
import { makeSignedRun } from '../agent/signed-run.fixture.ts';
import { findUnfinished } from '../cli/cancel.ts';
import { readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import { executeStage } from '../stages/execute-stage.ts';
import { damageFile } from '../test-kit/damage-file.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { claimRun } from './claim.ts';
import { createRun, listDamagedRuns, listRuns } from './run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from './run-options.ts';
import { changeState, readState, takeUp } from './run-state.ts';

const temporaryFolder = useTemporaryFolders();
const AGENT = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

let home: Home;
beforeEach(async () => {
  home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
});
const command = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [AGENT, ...args, '--home', home.path])).stdout;
const makeRun = async () => {
  await sleep(2); // ids sort by the millisecond
  return createRun(home, DEFAULT_RUN_OPTIONS);
};

describe('a run whose run.json is damaged, wherever', () => {
  it('leaves the others in the list, and is listed as damaged', async () => {
    const other = await makeRun();
    for (const seed of SEEDS) {
      const run = await makeRun();
      await damageFile(join(run.path, 'run.json'), seed);
      expect(
        (await listRuns(home)).map(({ runId }) => runId),
        `seed ${seed}`,
      ).toEqual([other.runId]);
      expect(await listDamagedRuns(home)).toContain(run.runId);
    }
  });

  it('is told by status with its next step, can be cancelled, and the others go on', async () => {
    const [damaged, other] = [await makeRun(), await makeRun()];
    await writeFile(join(damaged.path, 'run.json'), '{"schema":');
    const log: string[] = [];
    const config = readConfig({ QUEUE_URL: await testDatabase() });
    const agent = await startAgent({
      ...{ home, config, isolation: [] },
      log: createLog('info', { write: (line: string) => void log.push(line) }),
    });
    expect((await agent.finish(other, new AbortController().signal)).code).toBe('NO_FILMS');
    await agent.stop();
    expect(log.join('')).toMatch(new RegExp(`"runId":"${damaged.runId}","code":"RUN_FILE_DAMAGED"`));
    const text = await command('status');
    expect(text).toContain(`${other.runId}  stopped (NO_FILMS)`);
    expect(text).toMatch(
      new RegExp(
        `${damaged.runId}  failed \\(RUN_FILE_DAMAGED\\)\n  A file of the run is damaged\\. .*cancel`,
      ),
    );
    expect(await command('cancel', damaged.runId)).toBe(`${damaged.runId} cancelled\n`);
    expect(JSON.parse(await command('status', '--json'))).toMatchObject([
      { runId: other.runId },
      { runId: damaged.runId, status: 'cancelled', code: 'CANCELLED' },
    ]);
  }, 120_000);
});

describe('a run whose state.json is damaged, wherever', () => {
  it('has failed with RUN_FILE_DAMAGED, and can be taken up again from its results', async () => {
    for (const seed of SEEDS) {
      const run = await makeRun();
      const { ticket } = await changeState(run, { ticket: 7, failures: 2 });
      await damageFile(run.files.state, seed);
      expect(await readState(run), `seed ${seed}`).toMatchObject({
        status: 'failed',
        code: 'RUN_FILE_DAMAGED',
      });
      expect((await findUnfinished(await listRuns(home)))?.runId).toBe(run.runId);
      await takeUp(run);
      const taken = await readState(run);
      expect(taken).toMatchObject({ status: 'running', failures: 0, code: null });
      expect(taken.ticket).toBeGreaterThan(ticket);
    }
  });

  it('is over when its release was sent', async () => {
    await makeKey(home, 'signing');
    await writeJson(home.files.site, { siteId: 'fir', registryUrl: '', audience: '', enrolledAt: '' });
    const run = await makeSignedRun(home);
    const { epoch, guard } = await claimRun(run);
    const done = { kind: 'done', output: {} } as const;
    const upload = { ...pipeline.at(-1)!, load: async () => async () => done };
    const signal = new AbortController().signal;
    await executeStage(upload, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
    await writeFile(run.files.state, '');
    expect(await readState(run)).toMatchObject({ status: 'finished', code: null });
  });

  it('does not go past the stage that stopped it', async () => {
    const run = await makeRun();
    const { epoch, guard } = await claimRun(run);
    const stopped = { kind: 'stopped', code: 'NO_FILMS', output: {} } as const;
    const ingest = { ...pipeline[0]!, load: async () => async () => stopped };
    const signal = new AbortController().signal;
    await executeStage(ingest, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
    await writeFile(run.files.state, '{');
    await takeUp(run);
    expect((await findNextStage(run))?.name).toBe('ingest');
  });

  it('of Synspine 0.2, which has no hash, is read after an upgrade', async () => {
    const run = await makeRun();
    await changeState(run, { status: 'rejected', code: 'AUDIT_REJECTED' });
    for (const path of [run.files.state, join(run.path, 'run.json')]) {
      const { sha256: _, ...old } = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify(old));
    }
    const [opened] = await listRuns(home);
    expect(await readState(opened!)).toMatchObject({ status: 'rejected', code: 'AUDIT_REJECTED' });
  });
});
