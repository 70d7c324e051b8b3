import { createHash } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { LABEL_SCHEMES } from '../films/label-schemes.ts';
import { encodeGray, MASTER_SIZE } from '../films/master-image.ts';
import { openTrainingFilms } from '../films/training-films.ts';
import { type Home, openHome } from '../home.ts';
import { pipeline } from '../pipeline.ts';
import { claimRun } from '../runs/claim.ts';
import { createRun } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../runs/run-options.ts';
import { executeStage } from '../stages/execute-stage.ts';
import type { PreprocessOutput } from '../stages/preprocess/run.ts';
import { outputOf } from '../stages/stage-result.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { dryRun } from './dry-run.ts';
import { planFilms } from './plan-films.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const findings = LABEL_SCHEMES.findings.classNames;

/** Two films of each patient; every third patient has a finding, each of seven in turn, and one film of it has none. */
async function addPatients(count: number): Promise<void> {
  const catalogue = await openCatalogue(home);
  for (let film = 0; film < 2 * count; film++) {
    const patient = Math.floor(film / 2);
    const isNormal = patient % 3 !== 0 || film % 12 === 1;
    const pixelSha256 = sha256(`film ${film}`);
    const pixels = new Uint8Array(MASTER_SIZE ** 2).fill(film);
    await writeFile(join(home.folders.films, `${pixelSha256}.png`), await encodeGray(pixels, MASTER_SIZE));
    catalogue.add({
      pixelSha256,
      patientKey: sha256(`patient ${patient}`).slice(0, 32),
      filmKey: sha256(`key ${film}`).slice(0, 32),
      fileSha256: sha256(`file ${film}`),
      findings: [isNormal ? 'No finding' : findings[1 + (patient % 7)]!],
      ...{ rows: 300, columns: 200, fit: 'squeeze' as const },
    });
  }
  await catalogue.save();
}

async function everyFile(): Promise<string[]> {
  const entries = await readdir(home.path, { recursive: true, withFileTypes: true });
  const files = entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Promise.all(files.map(async (file) => `${file} ${(await stat(file)).mtimeMs}`));
}

const options: RunOptions = { ...DEFAULT_RUN_OPTIONS, imagesShown: 4_000, syntheticCount: 100 };

describe('a dry run', () => {
  it.each(['binary', 'findings'] as const)(
    '%s: counts what ingest and preprocess then make of the films',
    async (labels) => {
      await addPatients(70);
      const planned = await planFilms(home, labels);
      const run = await createRun(home, { ...options, labels });
      const { epoch, guard } = await claimRun(run);
      const signal = new AbortController().signal;
      const context = { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true };
      const results = [];
      for (const job of pipeline.slice(0, 2)) results.push(await executeStage(job, context));
      const output = await outputOf<PreprocessOutput>(run, 'preprocess');
      const trained = planned.classes.filter(({ isTrained }) => isTrained);
      expect(trained.map(({ name }) => name)).toEqual(output.classNames);
      expect(planned.trainingFilms).toBe(output.films.train);
      const left = planned.classes.filter(({ isTrained }) => !isTrained);
      expect(left.map(({ name, trainingPatients }) => ({ name, trainingPatients }))).toEqual(
        output.classesLeftOut,
      );
      const stopped = results.find(({ kind }) => kind === 'stopped') as { code: string } | undefined;
      expect(planned.code).toBe(stopped?.code ?? null);
      if (!stopped) expect((await openTrainingFilms(run)).train.count).toBe(planned.trainingFilms);
    },
  );

  it('says before training that too few patients are held out for an audit', async () => {
    await addPatients(70);
    const split = { validation: 0.1, holdOut: 0.1 };
    await writeJson(home.files.training, { schema: 'synspine.training/1', split });
    const { classes, code } = await planFilms(home, 'binary');
    expect(classes.every(({ isTrained }) => isTrained)).toBe(true);
    expect(code).toBe('TOO_FEW_PATIENTS');
    const run = await createRun(home, options);
    const { epoch, guard } = await claimRun(run);
    const signal = new AbortController().signal;
    const context = { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true };
    await executeStage(pipeline[0]!, context);
    expect(await executeStage(pipeline[1]!, context)).toMatchObject({ kind: 'stopped', code });
  });

  it('measures this machine, says what the run would take, and changes nothing', async () => {
    await addPatients(70);
    const before = await everyFile();
    const { lines, code } = await dryRun(home, options, undefined, 2);
    expect(await everyFile()).toEqual(before);
    expect(code).toBeNull();
    const text = lines.join('\n');
    expect(text).toMatch(
      /^films {7}normal \d+ \(\d+ patients\), abnormal \d+ \(\d+ patients\); \d+ to train on$/m,
    );
    expect(text).toMatch(
      /^network {5}demo-32, 32 px: generator 0\.\d\d M, discriminator 0\.\d\d M parameters$/m,
    );
    expect(text).toMatch(/^images {6}4000 to show, [\d.]+ GFLOP each/m);
    expect(text).toMatch(
      /^time {8}about \d+ (s|min) to train \([\d.]+ images\/s in 10 steps, cpu, 2 threads\)/m,
    );
    expect(text).toMatch(/^memory {6}[\d,]+ MiB at the peak/m);
    expect(text).toMatch(/^disk {8}up to [\d,]+ MiB of [\d,]+ MiB free$/m);
  });

  it('says which code would stop the run', async () => {
    expect((await dryRun(home, options, undefined, 2)).code).toBe('NO_FILMS');
    await addPatients(20);
    expect((await dryRun(home, options, undefined, 2)).code).toBe('TOO_FEW_PATIENTS');
    await addPatients(70);
    const large = await dryRun(home, { ...options, preset: 'paper-256', imagesShown: null }, undefined, 2);
    expect(large.code).toBe('TOO_LARGE_FOR_CPU');
    expect(large.lines.join('\n')).toMatch(/about [\d.]+ days on this machine: not measured/);
  });
});
