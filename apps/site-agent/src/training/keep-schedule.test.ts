import { createHash } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { type Home, openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import { claimRun } from '../runs/claim.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { changeState } from '../runs/run-state.ts';
import { executeStage } from '../stages/execute-stage.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { keepSchedule, startDueRun } from './keep-schedule.ts';

const temporaryFolder = useTemporaryFolders();
const POLICY = fileURLToPath(new URL('../../../../scripts/demo/policy.json', import.meta.url));
const config = readConfig({ SYNSPINE_SCHEDULE_SECONDS: '0.05' });
const AT_NIGHT = new Date(2100, 0, 1, 23);
const BY_DAY = new Date(2100, 0, 1, 12);

let home: Home;
let added: number;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  added = 0;
  await copyFile(POLICY, home.files.policy);
  await writeJson(home.files.training, {
    schema: 'synspine.training/1',
    ...{ preset: 'demo-32', imagesShown: 480, psi: 0.7, syntheticCount: 64, gpu: 'none' },
    schedule: { afterNewFilms: 10, everyDaysAtMost: 0, between: '22:00-06:00' },
  });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
async function addFilms(count: number): Promise<void> {
  const catalogue = await openCatalogue(home);
  for (const until = added + count; added < until; added++) {
    catalogue.add({
      pixelSha256: sha256(`film ${added}`),
      patientKey: sha256(`patient ${added}`).slice(0, 32),
      filmKey: sha256(`key ${added}`).slice(0, 32),
      fileSha256: sha256(`file ${added}`),
      findings: [added % 2 ? 'No finding' : 'Osteophytes'],
      ...{ rows: 300, columns: 200, fit: 'squeeze' as const },
    });
  }
  await catalogue.save();
}

/** The run's first stage, which fixes its films. */
async function ingest(run: RunFolder): Promise<void> {
  const { epoch, guard } = await claimRun(run);
  const { signal } = new AbortController();
  await executeStage(pipeline[0]!, { ...config, home, run, epoch, guard, signal });
}
/** A look when no film has come since the look before. */
const look = (now = AT_NIGHT) => startDueRun({ home, config }, now, added);

describe('a look at the schedule', () => {
  it('starts a run with the options of training.json once enough films have come, at night', async () => {
    await addFilms(9);
    expect(await look()).toMatchObject({ waitsFor: 'FILMS', newFilms: 9 });
    await addFilms(1);
    expect(await look(BY_DAY)).toMatchObject({ waitsFor: 'HOURS', newFilms: 10 });
    await look();
    const [run, ...others] = await listRuns(home);
    expect(others).toEqual([]);
    expect(run!.options).toMatchObject({
      preset: 'demo-32',
      imagesShown: 480,
      psi: 0.7,
      syntheticCount: 64,
      gpu: 'none',
    });
    expect(run!.notes).toMatchObject({ films: 10, origins: { preset: 'training.json', seed: 'default' } });
  });

  it('waits while films are still coming, so that a run has all of a delivery', async () => {
    await addFilms(12);
    expect(await startDueRun({ home, config }, AT_NIGHT, 10)).toMatchObject({
      waitsFor: 'ARRIVALS',
      films: 12,
    });
    expect(await startDueRun({ home, config }, AT_NIGHT, 12)).toMatchObject({ waitsFor: null });
  });

  it('starts none while one is unfinished, however many films come', async () => {
    await addFilms(10);
    await look();
    await addFilms(100);
    expect(await look()).toMatchObject({ waitsFor: 'RUN' });
  });

  it.each([
    { status: 'rejected', code: 'AUDIT_REJECTED' },
    { status: 'failed', code: 'CHILD_ENDED' },
    { status: 'stopped', code: 'TOO_FEW_PATIENTS' },
    { status: 'finished', code: null },
  ] as const)(
    'after a run that is $status starts the next one only when as many films have come again',
    async (state) => {
      await addFilms(10);
      await look();
      const [first] = await listRuns(home);
      await ingest(first!);
      await changeState(first!, state);
      expect(await look()).toMatchObject({ waitsFor: 'FILMS', newFilms: 0 });
      await addFilms(9);
      expect(await look()).toMatchObject({ waitsFor: 'FILMS', newFilms: 9 });
      await addFilms(1);
      expect(await look()).toMatchObject({ waitsFor: null });
      expect(await listRuns(home)).toHaveLength(2);
    },
  );

  it('does not repeat a run that was cancelled before it had read its films', async () => {
    await addFilms(12);
    await look();
    await changeState((await listRuns(home))[0]!, { status: 'cancelled' });
    expect(await look()).toMatchObject({ waitsFor: 'FILMS', newFilms: 0 });
  });

  it('obeys the days between two runs', async () => {
    await writeJson(home.files.training, {
      schema: 'synspine.training/1',
      ...{ preset: 'demo-32', schedule: { afterNewFilms: 1, everyDaysAtMost: 3 } },
    });
    await addFilms(1);
    const before = Date.now();
    await look(new Date(before));
    await changeState((await listRuns(home))[0]!, { status: 'rejected', code: 'AUDIT_REJECTED' });
    await addFilms(1);
    const days = (n: number) => look(new Date(before + n * 86_400_000 + 60_000));
    expect(await days(2)).toMatchObject({ waitsFor: 'DAYS' });
    expect(await days(3)).toMatchObject({ waitsFor: null });
  });
});

describe('the schedule of a daemon', () => {
  /** Looks until `isEnough`, at a clock that the test holds. */
  async function keepUntil(isEnough: () => Promise<boolean>, now: Date): Promise<Record<string, unknown>[]> {
    const lines: string[] = [];
    const ended = new AbortController();
    const log = createLog('debug', { write: (line: string) => void lines.push(line) });
    const kept = keepSchedule({ home, config, log }, ended.signal, () => now);
    while (!(await isEnough())) await new Promise((wake) => setTimeout(wake, 20));
    await new Promise((wake) => setTimeout(wake, 200)); // some looks more
    ended.abort();
    await kept;
    return lines.map((line) => JSON.parse(line));
  }

  it('starts one run of many looks, and says once what the next one waits for', async () => {
    await addFilms(10);
    const lines = await keepUntil(async () => (await listRuns(home)).length > 0, AT_NIGHT);
    expect(await listRuns(home)).toHaveLength(1);
    expect(lines.map(({ msg, code, count }) => [msg, code, count])).toEqual([
      ['next run waits', 'ARRIVALS', 10],
      ['run was started by the schedule', undefined, 10],
      ['next run waits', 'RUN', 0],
    ]);
  });

  it('goes on looking where training.json is damaged meanwhile, and says once that it is', async () => {
    await addFilms(10);
    await writeJson(home.files.training, { schema: 'synspine.training/1', presets: 'x' });
    let looks = 0;
    const lines = await keepUntil(async () => ++looks > 10, AT_NIGHT);
    expect(lines.map(({ msg, code }) => [msg, code])).toEqual([
      ['no run could be started', 'TRAINING_INVALID'],
    ]);
    expect(await listRuns(home)).toEqual([]);
  });

  it('starts no run without a policy that can be read', async () => {
    await addFilms(10);
    await writeJson(home.files.policy, { version: 'x' });
    await expect(look()).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect(await listRuns(home)).toEqual([]);
  });
});
