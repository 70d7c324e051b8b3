import { beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { type Home, openHome } from '../home.ts';
import { claimRun } from '../runs/claim.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readResult } from '../stages/stage-result.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { findIsolation } from './isolation.ts';
import type { WorkerRequest } from './messages.ts';
import { runWorker } from './run-worker.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
let run: RunFolder;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  run = await createRun(home, DEFAULT_RUN_OPTIONS);
});

function request(epoch: number): WorkerRequest {
  const about = { homePath: home.path, runId: run.runId, threads: 1, usesReferencePolicy: true };
  return { kind: 'stage', stage: 'ingest', epoch, ...about }; // any stage runs in a worker; this one is quick
}
async function work(epoch: number, signal = new AbortController().signal): Promise<void> {
  const environment = readConfig().workerEnvironment;
  await runWorker(request(epoch), {
    isolation: await findIsolation(),
    signal,
    logFile: run.files.workerLog,
    environment,
  });
}

describe('runWorker', () => {
  it('leaves the stage’s result in the run directory', async () => {
    await work((await claimRun(run)).epoch);
    expect(await readResult(run, 'ingest')).toMatchObject({ kind: 'stopped', code: 'NO_FILMS' });
  });

  it('passes on the code of what went wrong, and publishes nothing for an outdated claim', async () => {
    const { epoch } = await claimRun(run);
    await claimRun(run);
    await expect(work(epoch)).rejects.toMatchObject({ code: 'CLAIM_OUTDATED' });
    expect(await readResult(run, 'ingest')).toBeUndefined();
  });

  it('ends the process when it is asked to stop', async () => {
    const stop = new AbortController();
    const working = work((await claimRun(run)).epoch, stop.signal);
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    await expect(working).rejects.toThrow('stopped');
  });
});
