import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { type Home, openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import { claimRun } from '../runs/claim.ts';
import { listDamages } from '../runs/damage.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readState } from '../runs/run-state.ts';
import { executeStage } from '../stages/execute-stage.ts';
import type { StageContext, StageJob } from '../stages/stage.ts';
import { readResult, stageFolder } from '../stages/stage-result.ts';
import { damageFile } from '../test-kit/damage-file.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { workOnStage } from './work-on-stage.ts';

const temporaryFolder = useTemporaryFolders();
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

let home: Home;
let run: RunFolder;
let log: string[];
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  log = [];
});

/** The pipeline's first two stages with other work in them: each leaves files of its own. */
const [first, second] = pipeline.slice(0, 2).map(
  (job): StageJob => ({
    ...job,
    load:
      async () =>
      async ({ draft }: StageContext) => {
        await mkdir(join(draft, 'nested'));
        await writeFile(join(draft, 'films'), Buffer.alloc(9_000, job.name));
        await writeFile(join(draft, 'nested', 'more'), Buffer.alloc(9_000, 7));
        return { kind: 'done' as const, output: { films: 12 } };
      },
  }),
) as [StageJob, StageJob];

async function doFirst(): Promise<void> {
  run = await createRun(home, DEFAULT_RUN_OPTIONS);
  const { epoch, guard } = await claimRun(run);
  const signal = new AbortController().signal;
  await executeStage(first, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
}
async function work(job: StageJob): Promise<void> {
  const write = (line: string) => void log.push(line);
  const deps = { home, config: readConfig({}), log: createLog('info', { write }), isolation: [] };
  await workOnStage(deps, run, { ...job, runsIn: 'agent' }, new AbortController().signal);
}

describe('a stage’s result', () => {
  it.each(['films', 'nested/more', 'result.json'])(
    'whose %s is damaged anywhere is set aside, told of in log and run, and done again',
    async (name) => {
      for (const seed of SEEDS) {
        await doFirst();
        const state = await readState(run);
        await damageFile(join(stageFolder(run, first.name), name), seed);
        await work(second);
        expect(await readResult(run, second.name), `seed ${seed}`).toBeUndefined();
        expect(existsSync(stageFolder(run, first.name))).toBe(false);
        expect(await readdir(run.folders.stages)).toContainEqual(expect.stringContaining('.damaged-'));
        expect(await listDamages(run)).toMatchObject([{ stage: first.name, code: 'RESULT_DAMAGED' }]);
        expect(log.join('')).toMatch(/"code":"RESULT_DAMAGED".*damaged file was set aside/);
        expect(await readState(run)).toMatchObject({
          status: 'running',
          failures: 0,
          ticket: state.ticket + 1,
        });
        await work(first);
        await work(second);
        expect((await readResult(run, second.name))?.kind).toBe('done');
      }
    },
    120_000,
  );

  it('of Synspine 0.2, which has no hash, is read after an upgrade', async () => {
    await doFirst();
    const path = join(stageFolder(run, first.name), 'result.json');
    const { files: _, sha256: __, ...old } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(old));
    await work(second);
    expect((await readResult(run, second.name))?.kind).toBe('done');
    expect(await listDamages(run)).toEqual([]);
  });

  it('that is damaged again and again ends the run', async () => {
    await doFirst();
    for (let time = 0; time <= 16; time++) {
      await damageFile(join(stageFolder(run, first.name), 'films'), time);
      await work(second);
      if ((await readState(run)).status === 'running') await work(first);
    }
    expect(await readState(run)).toMatchObject({ status: 'failed', code: 'RUN_FILE_DAMAGED' });
  });
});
