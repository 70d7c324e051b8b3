import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../films/catalogue.ts';
import { commitTo, HOLD_OUT_FOLDER, openHoldOut } from '../../films/hold-out.ts';
import { encodeGray, MASTER_SIZE } from '../../films/master-image.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { type Home, openHome } from '../../home.ts';
import { pipeline } from '../../pipeline.ts';
import { claimRun } from '../../runs/claim.ts';
import { createRun, type RunFolder } from '../../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { executeStage } from '../execute-stage.ts';
import { outputOf, stageFolder } from '../stage-result.ts';
import type { PreprocessOutput } from './run.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Two films each of patients `from` to `to`; every third patient is abnormal. */
async function addPatients(from: number, to: number): Promise<void> {
  const catalogue = await openCatalogue(home);
  for (let film = from * 2; film < to * 2; film++) {
    const patient = Math.floor(film / 2);
    const pixelSha256 = sha256(`film ${film}`);
    const pixels = new Uint8Array(MASTER_SIZE ** 2).fill(film);
    await writeFile(join(home.folders.films, `${pixelSha256}.png`), await encodeGray(pixels, MASTER_SIZE));
    const keys = {
      patientKey: sha256(`patient ${patient}`).slice(0, 32),
      filmKey: sha256(`key ${film}`).slice(0, 32),
    };
    const label = patient % 3 === 0 ? ('abnormal' as const) : ('normal' as const);
    const size = { rows: 300, columns: 200, fit: 'squeeze' as const };
    catalogue.add({ pixelSha256, ...keys, fileSha256: sha256(`file ${film}`), label, ...size });
  }
  await catalogue.save();
}

async function preprocess(): Promise<{ run: RunFolder; output: PreprocessOutput }> {
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  const { epoch, guard } = await claimRun(run);
  const signal = new AbortController().signal;
  for (const job of pipeline.slice(0, 2)) {
    await executeStage(job, { home, run, epoch, guard, signal, threads: 1, isProduction: false });
  }
  return { run, output: await outputOf<PreprocessOutput>(run, 'preprocess') };
}

describe('preprocess', () => {
  it('puts every film into one part and no patient into two', async () => {
    await addPatients(0, 24);
    const { run, output } = await preprocess();
    const { train, validation } = await openTrainingFilms(run);
    const { films: heldOut } = await openHoldOut(run);
    expect(train.count + validation.count + heldOut.count).toBe(48);
    const patients = [train, validation, heldOut].map((set) => new Set(set.patients));
    expect(new Set(patients.flatMap((set) => [...set])).size).toBe(24);
    expect(output.patients).toEqual({
      train: patients[0]!.size,
      validation: patients[1]!.size,
      heldOut: patients[2]!.size,
    });
    expect([train.size, train.pixels.length]).toEqual([32, train.count * 32 * 32]);
  });

  it('commits to the hold-out by the hashes of its films', async () => {
    await addPatients(0, 18);
    const { run, output } = await preprocess();
    const { films, commitment } = await openHoldOut(run);
    expect(output.holdOutCommitment).toBe(commitment);
    expect(commitTo([...films.pixelSha256].reverse())).toBe(commitment);
    expect(commitTo(films.pixelSha256.slice(1))).not.toBe(commitment);
  });

  it('leaves training all that it needs when the sealed folder is taken away', async () => {
    await addPatients(0, 18);
    const { run } = await preprocess();
    await rm(join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER), { recursive: true });
    expect((await openTrainingFilms(run)).train.count).toBeGreaterThan(0);
    await expect(openHoldOut(run)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });

  it('refuses a hold-out whose films were exchanged after the commitment', async () => {
    await addPatients(0, 18);
    const { run } = await preprocess();
    const path = join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER, 'hold-out.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.films[0].pixelSha256 = sha256('another film');
    await writeFile(path, JSON.stringify(file));
    await expect(openHoldOut(run)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });

  it('never moves a patient from training to the hold-out or back when films are added', async () => {
    await addPatients(0, 18);
    const before = await preprocess();
    const { train: trained } = await openTrainingFilms(before.run);
    await addPatients(18, 40);
    const after = await preprocess();
    const { films: heldOut } = await openHoldOut(after.run);
    expect(heldOut.patients.filter((patient) => trained.patients.includes(patient))).toEqual([]);
    expect(after.output.patients.heldOut).toBe(11);
  });

  it('stops a run whose classes have too few patients', async () => {
    await addPatients(0, 6);
    const run = await createRun(home, DEFAULT_RUN_OPTIONS);
    const { epoch, guard } = await claimRun(run);
    const context = {
      home,
      run,
      epoch,
      guard,
      signal: new AbortController().signal,
      threads: 1,
      isProduction: false,
    };
    expect(await executeStage(pipeline[0]!, context)).toMatchObject({
      kind: 'stopped',
      code: 'TOO_FEW_PATIENTS',
    });
  });
});
