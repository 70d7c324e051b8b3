import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTextModels, readSquareFilm, writePhantomSite } from '@synspine/dicom';
import { testDatabase } from '@synspine/test-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { ingestFolder } from '../films/ingest-folder.ts';
import { MASTER_SIZE } from '../films/master-image.ts';
import { readSource } from '../films/source.ts';
import { type Home, openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { createRun } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { changeState, readState } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { type Agent, startAgent } from './agent.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
let agent: Agent | undefined;
const log: string[] = [];

beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  log.length = 0;
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

/** On a database of the test's own, or on the agent's embedded one when there is no URL. */
async function start(QUEUE_URL?: string): Promise<Agent> {
  const config = readConfig({ SYNSPINE_RECONCILE_SECONDS: '0.2', QUEUE_URL });
  const write = (line: string) => void log.push(line);
  agent = await startAgent({ home, config, log: createLog('debug', { write }), isolation: [] });
  return agent;
}
const never = new AbortController().signal;

describe('the agent', () => {
  it('ends a run that has no films with an outcome, not an error', async () => {
    const run = await createRun(home, DEFAULT_RUN_OPTIONS);
    const state = await (await start(await testDatabase())).finish(run, never);
    expect(state).toMatchObject({ status: 'stopped', code: 'NO_FILMS' });
  });

  it('finds a run that the queue knows nothing of', async () => {
    await start(await testDatabase());
    const run = await createRun(home, DEFAULT_RUN_OPTIONS); // never enqueued: only the reconciler can find it
    while ((await readState(run)).status === 'running') await new Promise((wake) => setTimeout(wake, 50));
    expect((await readState(run)).code).toBe('NO_FILMS');
  });

  it('leaves a cancelled run alone, and waits with one until it is due', async () => {
    const [cancelled, later] = [
      await createRun(home, DEFAULT_RUN_OPTIONS),
      await createRun(home, DEFAULT_RUN_OPTIONS),
    ];
    await writeFile(cancelled.files.cancel, '');
    const working = await start(await testDatabase()); // its start makes everything due at once, so the wait is set afterwards
    await working.finish(later, never);
    await changeState(later, {
      status: 'running',
      notBefore: new Date(Date.now() + 50_000).toISOString(),
    });
    expect((await working.finish(cancelled, never)).status).toBe('cancelled');
    await new Promise((wake) => setTimeout(wake, 600)); // three looks of the reconciler
    expect((await readState(later)).status).toBe('running');
  });

  it('does not wait a year for a time that a clock wrote which was ahead', async () => {
    const run = await createRun(home, DEFAULT_RUN_OPTIONS);
    const working = await start(await testDatabase());
    const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
    await working.finish(run, never);
    await changeState(run, { status: 'running', ticket: 1_000, notBefore: nextYear });
    const soon = AbortSignal.timeout(20_000);
    expect((await working.finish(run, soon)).code).toBe('NO_FILMS');
  });

  it('writes nothing of a patient into its log or its queue', async () => {
    const site = await temporaryFolder();
    await writePhantomSite(site, { site: 'oak', patients: 3, seed: 'agent', size: 256 });
    const image = { size: MASTER_SIZE, fit: 'squeeze' } as const;
    const models = await loadTextModels();
    const read = async (path: string) => readSquareFilm(await readFile(path), { image }, models);
    await ingestFolder(home, { source: await readSource(site), fit: 'squeeze', readFilm: read });
    const run = await createRun(home, DEFAULT_RUN_OPTIONS);
    await (await start()).finish(run, never);
    await agent!.stop(); // flushes the queue's tables to its files
    agent = undefined;
    expect(log.join('')).toMatch(/stage finished/);
    const entries = await readdir(home.folders.postgres, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
    expect(texts.some((text) => text.includes(run.runId))).toBe(true); // the search does look where jobs are kept
    expect([...texts, ...log].filter((text) => text.includes('ZZCANARY'))).toEqual([]);
  });
});
