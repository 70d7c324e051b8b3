import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { pipeline } from '../pipeline.ts';
import { claimRun } from '../runs/claim.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { executeStage } from './execute-stage.ts';
import type { StageContext, StageJob } from './stage.ts';
import { readResult, stageFolder } from './stage-result.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
let run: RunFolder;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  run = await createRun(home, DEFAULT_RUN_OPTIONS);
});

/** The pipeline's first stage with other work in it. */
function stageDoing(work: (context: StageContext) => Promise<void>, version = 1): StageJob {
  const load = async () => async (context: StageContext) => {
    await work(context);
    return { kind: 'done' as const, output: {} };
  };
  return { ...pipeline[0]!, version, load };
}
const execute = async (job: StageJob) => {
  const { epoch, guard } = await claimRun(run);
  const signal = new AbortController().signal;
  return executeStage(job, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
};

describe('executeStage', () => {
  it('does nothing when there is a result for the same input', async () => {
    let runs = 0;
    const job = stageDoing(async () => void runs++);
    const first = await execute(job);
    expect(await execute(job)).toEqual(first);
    expect(runs).toBe(1);
  });

  it('runs again when the stage itself has changed, and keeps the older result aside', async () => {
    const write = (text: string) => (context: StageContext) => writeFile(join(context.draft, 'out'), text);
    await execute(stageDoing(write('old'), 1));
    await execute(stageDoing(write('new'), 2));
    expect(await readFile(join(stageFolder(run, 'ingest'), 'out'), 'utf8')).toBe('new');
    expect(await readFile(join(`${stageFolder(run, 'ingest')}.before-2`, 'out'), 'utf8')).toBe('old');
  });

  it('publishes nothing of a worker whose run was taken over meanwhile', async () => {
    const job = stageDoing(async () => void (await claimRun(run)));
    await expect(execute(job)).rejects.toMatchObject({ code: 'CLAIM_OUTDATED' });
    expect(await readResult(run, 'ingest')).toBeUndefined();
  });

  it('leaves no result of a stage that failed half-way, and starts the next attempt from an empty folder', async () => {
    const failing = stageDoing(async ({ draft }) => {
      await writeFile(join(draft, 'half'), '');
      throw new Error('power loss');
    });
    await expect(execute(failing)).rejects.toThrow('power loss');
    await execute(stageDoing(async ({ draft }) => expect(existsSync(join(draft, 'half'))).toBe(false)));
    expect((await readResult(run, 'ingest'))?.kind).toBe('done');
  });
});
