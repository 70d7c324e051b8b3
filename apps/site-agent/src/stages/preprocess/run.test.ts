import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@synspine/compute';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../../durable-file.ts';
import { openCatalogue } from '../../films/catalogue.ts';
import { commitTo, HOLD_OUT_FOLDER, openHoldOut } from '../../films/hold-out.ts';
import type { FilmFinding } from '../../films/label-schemes.ts';
import { encodeGray, MASTER_SIZE } from '../../films/master-image.ts';
import { readSamePatient } from '../../films/same-patient.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { type Home, openHome } from '../../home.ts';
import { pipeline } from '../../pipeline.ts';
import { claimRun } from '../../runs/claim.ts';
import { createRun, type RunFolder } from '../../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../runs/run-options.ts';
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

type FindingsOf = (patient: number) => FilmFinding[];
const everyThirdAbnormal: FindingsOf = (patient) => [patient % 3 === 0 ? 'Osteophytes' : 'No finding'];

/** Two films each of patients `from` to `to`. */
async function addPatients(
  from: number,
  to: number,
  findingsOf: FindingsOf = everyThirdAbnormal,
): Promise<void> {
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
    const findings = findingsOf(patient);
    const size = { rows: 300, columns: 200, fit: 'squeeze' as const };
    catalogue.add({ pixelSha256, ...keys, fileSha256: sha256(`file ${film}`), findings, ...size });
  }
  await catalogue.save();
  const searched = catalogue.films().map((film) => film.pixelSha256); // flat images have nothing to compare
  await writeJson(home.files.samePatient, { schema: 'synspine.same-patient/1', searched, pairs: [] });
}

/** A film each of patients whose films look like films; `drawnLike` another's film, moved by eight pixels of 256. */
async function addDrawnPatients(
  from: number,
  to: number,
  { drawnLike, name = 'film' }: { drawnLike?: number; name?: string } = {},
): Promise<void> {
  const catalogue = await openCatalogue(home);
  for (let patient = from; patient < to; patient++) {
    const pixels = drawFilm(drawnLike ?? patient, drawnLike === undefined ? 0 : 8);
    const pixelSha256 = sha256(`${name} of ${patient}`);
    await writeFile(join(home.folders.films, `${pixelSha256}.png`), await encodeGray(pixels, MASTER_SIZE));
    const patientKey = sha256(`patient ${patient}`).slice(0, 32);
    const filmKey = sha256(`key ${name} ${patient}`).slice(0, 32);
    const size = { rows: 300, columns: 200, fit: 'squeeze' as const };
    const findings = everyThirdAbnormal(patient);
    catalogue.add({ pixelSha256, patientKey, filmKey, fileSha256: sha256(pixelSha256), findings, ...size });
  }
  await catalogue.save();
}

/** Blobs as no other patient has them. */
function drawFilm(patient: number, shift: number): Uint8Array {
  const random = seededRandom(1_000 + patient);
  const blobs = Array.from({ length: 60 }, () => [
    random() * 256,
    random() * 256,
    6 + 14 * random(),
    2 * random() - 1,
  ]);
  return Uint8Array.from({ length: MASTER_SIZE ** 2 }, (_, at) => {
    const [x, y] = [(at % MASTER_SIZE) - shift, Math.floor(at / MASTER_SIZE)];
    const sum = blobs.reduce(
      (gray, [u, v, width, height]) =>
        gray + 90 * height! * Math.exp(-((x - u!) ** 2 + (y - v!) ** 2) / width! ** 2),
      128,
    );
    return Math.min(255, Math.max(0, sum));
  });
}

async function preprocess(
  options: Partial<RunOptions> = {},
): Promise<{ run: RunFolder; output: PreprocessOutput }> {
  const run = await createRun(home, { ...DEFAULT_RUN_OPTIONS, ...options });
  const { epoch, guard } = await claimRun(run);
  const signal = new AbortController().signal;
  for (const job of pipeline.slice(0, 2)) {
    await executeStage(job, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
  }
  return { run, output: await outputOf<PreprocessOutput>(run, 'preprocess') };
}

describe('preprocess', () => {
  it('puts every film into one part and no patient into two', async () => {
    await addPatients(0, 60);
    const { run, output } = await preprocess();
    const { train, validation } = await openTrainingFilms(run);
    const { films: heldOut } = await openHoldOut(run);
    expect(train.count + validation.count + heldOut.count).toBe(120);
    const patients = [train, validation, heldOut].map((set) => new Set(set.patients));
    const everywhere = patients.flatMap((set) => [...set]);
    expect([everywhere.length, new Set(everywhere).size]).toEqual([60, 60]);
    expect(output.patients).toEqual({
      train: patients[0]!.size,
      validation: patients[1]!.size,
      heldOut: patients[2]!.size,
    });
    expect([train.size, train.pixels.length]).toEqual([32, train.count * 32 * 32]);
  });

  it('commits to the hold-out by the hashes of its films', async () => {
    await addPatients(0, 54);
    const { run, output } = await preprocess();
    const { films, commitment } = await openHoldOut(run);
    expect(output.holdOutCommitment).toBe(commitment);
    expect(commitTo([...films.pixelSha256].reverse())).toBe(commitment);
    expect(commitTo(films.pixelSha256.slice(1))).not.toBe(commitment);
  });

  it('leaves training all that it needs when the sealed folder is taken away', async () => {
    await addPatients(0, 54);
    const { run } = await preprocess();
    await rm(join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER), { recursive: true });
    expect((await openTrainingFilms(run)).train.count).toBeGreaterThan(0);
    await expect(openHoldOut(run)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });

  it('refuses a hold-out whose films were exchanged after the commitment', async () => {
    await addPatients(0, 54);
    const { run } = await preprocess();
    const path = join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER, 'hold-out.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.films[0].pixelSha256 = sha256('another film');
    await writeFile(path, JSON.stringify(file));
    await expect(openHoldOut(run)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });

  it('never moves a patient from training to the hold-out or back when films are added', async () => {
    await addPatients(0, 54);
    const before = await preprocess();
    const { train: trained } = await openTrainingFilms(before.run);
    await addPatients(54, 80);
    const after = await preprocess();
    const { films: heldOut } = await openHoldOut(after.run);
    expect(heldOut.patients.filter((patient) => trained.patients.includes(patient))).toEqual([]);
    expect(after.output.patients.heldOut).toBe(20);
  });

  it('holds out as many patients as training.json says, of those that come after it was written', async () => {
    const split = { validation: 0.1, holdOut: 0.5 };
    await writeJson(home.files.training, { schema: 'synspine.training/1', split });
    await addPatients(0, 90);
    const { output } = await preprocess();
    expect(output.patients).toEqual({ train: 36, validation: 9, heldOut: 45 });
    await rm(home.files.training);
    expect((await preprocess()).output.patients).toEqual(output.patients);
  });

  it('leaves out a class that fewer than eleven training patients share, and says so', async () => {
    const kinds = ['No finding', 'Osteophytes', 'Surgical implant'] as const;
    await addPatients(0, 60, (patient) => [kinds[patient % 3]!]);
    await addPatients(60, 76, () => ['Vertebral collapse', 'Osteophytes']);
    const { run, output } = await preprocess({ labels: 'findings' });
    expect(output.classNames).toEqual(kinds);
    expect(output.classesLeftOut).toContainEqual({ name: 'Vertebral collapse', trainingPatients: 10 });
    expect(output.classesLeftOut).toHaveLength(5);
    const { train } = await openTrainingFilms(run);
    expect(train.classNames).toEqual(kinds);
    expect(new Set(train.labels)).toEqual(new Set([0, 1, 2]));
    expect(output.patients.train + output.patients.validation + output.patients.heldOut).toBe(60);
  });

  it('keeps a class that eleven training patients share', async () => {
    await addPatients(0, 40, () => ['No finding']);
    await addPatients(40, 59, () => ['Osteophytes']); // 19 less 5 and 3
    expect((await preprocess({ labels: 'findings' })).output.classNames).toEqual([
      'No finding',
      'Osteophytes',
    ]);
  });

  it('puts a patient with one abnormal film among normal ones into one part', async () => {
    await addPatients(0, 60);
    const catalogue = await openCatalogue(home);
    for (const film of catalogue.films().slice(0, 30)) catalogue.add({ ...film, findings: ['Osteophytes'] });
    await catalogue.save();
    const { run } = await preprocess();
    const { train, validation } = await openTrainingFilms(run);
    const { films: heldOut } = await openHoldOut(run);
    const everywhere = [train, validation, heldOut].flatMap((set) => [...new Set(set.patients)]);
    expect(new Set(everywhere).size).toBe(everywhere.length);
  });

  it('holds out the films that the data set’s authors hold out, and no others', async () => {
    await addPatients(0, 90);
    const catalogue = await openCatalogue(home);
    const held = new Set([...new Set(catalogue.films().map(({ patientKey }) => patientKey))].slice(0, 12));
    for (const film of catalogue.films())
      if (held.has(film.patientKey)) catalogue.add({ ...film, part: 'hold-out' });
    await catalogue.save();
    const { run } = await preprocess();
    const { films } = await openHoldOut(run);
    expect(new Set(films.patients)).toEqual(held);
  });

  it('refuses to hold out a film that was trained on', async () => {
    await addPatients(0, 54);
    const { run } = await preprocess();
    const [hash] = (await openTrainingFilms(run)).train.pixelSha256;
    const catalogue = await openCatalogue(home);
    catalogue.add({ ...catalogue.byPixels(hash!)!, part: 'hold-out' });
    await catalogue.save();
    await expect(preprocess()).rejects.toMatchObject({ code: 'HOLD_OUT_CONFLICT' });
  });

  it('reads films and sets of an agent that knew two labels only', async () => {
    await addPatients(0, 54);
    const lines = (await readFile(home.files.catalogue, 'utf8'))
      .replaceAll('"findings":["Osteophytes"]', '"label":"abnormal"')
      .replaceAll('"findings":["No finding"]', '"label":"normal"');
    const { run: now } = await preprocess();
    await writeFile(home.files.catalogue, lines);
    const { run } = await preprocess();
    const [before, after] = [await openTrainingFilms(now), await openTrainingFilms(run)];
    expect(after.train.labels).toEqual(before.train.labels);
    const path = join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER, 'hold-out.json');
    const { classNames: _, ...file } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(file));
    expect((await openHoldOut(run)).films.classNames).toEqual(['normal', 'abnormal']);
  });

  it('takes two numbers of one patient for one, and leaves out of all figures one sealed on both sides', async () => {
    await addDrawnPatients(0, 50);
    const before = await preprocess();
    expect(before.output.samePatient).toEqual({ pairs: 0, leftOut: 0 });
    const { train } = await openTrainingFilms(before.run);
    const { films: heldOut } = await openHoldOut(before.run);
    const patientOf = (film: number) => sha256(`patient ${film}`).slice(0, 32);
    const isIn = (set: { patients: readonly string[] }) => (film: number) =>
      set.patients.includes(patientOf(film));
    const numbers = Array.from({ length: 50 }, (_, film) => film);
    const [trained, other] = numbers.filter(isIn(train));
    const [held] = numbers.filter(isIn(heldOut));
    await addDrawnPatients(50, 51, { drawnLike: trained! }); // a new number
    await addDrawnPatients(held!, held! + 1, { drawnLike: other!, name: 'second film' });
    const after = await preprocess();
    expect(after.output.samePatient).toEqual({ pairs: 2, leftOut: 1 });
    expect((await openTrainingFilms(after.run)).train.patients).toContain(patientOf(50));
    const { films: stillHeld } = await openHoldOut(after.run);
    expect(stillHeld.patients).not.toContain(patientOf(held!));
    const { pairs } = await readSamePatient(home);
    expect(pairs.map(({ patients }) => [...patients].sort())).toContainEqual(
      [patientOf(held!), patientOf(other!)].sort(),
    );
    const text = await readFile(home.files.samePatient, 'utf8');
    expect(text).not.toContain('patient ');
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
      usesReferencePolicy: true,
    };
    expect(await executeStage(pipeline[0]!, context)).toMatchObject({
      kind: 'stopped',
      code: 'TOO_FEW_PATIENTS',
    });
  });
});
