import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readFilm, writePhantomSite } from '@synspine/dicom';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readJson } from '../../durable-file.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import type { PaperResults } from './results.ts';

const temporaryFolder = useTemporaryFolders();

const BIN = fileURLToPath(new URL('../../../bin/synspine-site.mjs', import.meta.url));
const FINDINGS = ['No finding', 'Osteophytes', 'Surgical implant'];
const METHODS = ['real', 'gan', 'spinegan', 'real+spinegan'];
/** The paper's experiment, so small that a CPU does it in a minute or two. */
const MINIATURE = [
  ...['--labels', 'findings', '--preset', 'demo-32', '--images-shown', '960', '--synthetic-count', '48'],
  ...['--full-protocol-images', '24', '--seeds', '1', '--classifier-seeds', '1', '--jobs', '2'],
  ...['--classifier', 'small-cnn', '--classifier-steps', '6'],
];

let data: string;
let outside: string;
let finished: string; // the folder of an experiment that has ended
const started: ChildProcess[] = [];

/** The command as a researcher starts it, in a process group of its own. */
function start(out: string, ...more: string[]): ChildProcess {
  const args = [BIN, 'experiment', 'paper', '--as-published', '--data', data, '--out', out, ...more];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  return child;
}
const ended = (child: ChildProcess) =>
  new Promise<number | null>((done) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done(child.exitCode),
  );
async function finish(child: ChildProcess): Promise<{ exitCode: number | null; text: string }> {
  const text = (await child.stderr!.toArray()).join('');
  return { exitCode: await ended(child), text };
}

const readResults = async (out: string) => (await readJson<PaperResults>(join(out, 'results/paper.json')))!;
const filesIn = async (folder: string, wanted: RegExp) =>
  (await readdir(folder, { recursive: true }))
    .filter((name) => wanted.test(name))
    .map((name) => join(folder, name))
    .sort();

/** Every generator and classifier of an experiment, by its hash. */
async function hashTrained(out: string): Promise<Record<string, string>> {
  const files = await filesIn(join(out, 'private/units'), /\.safetensors$/);
  expect(files.length).toBeGreaterThan(10);
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, await hash(path)] as const)));
}

type Row = { uid: string; study: string; patient: number; finding: string };

/** Phantoms with three findings, enough patients of each. */
async function writeSite(folder: string, site: string, patients: number): Promise<Map<string, Row>> {
  await writePhantomSite(folder, { site, patients, seed: site, size: 256, abnormalShare: 0.66, view: 'AP' });
  const lines = (await readFile(join(folder, 'labels.csv'), 'utf8')).trim().split('\n').slice(1);
  const rows = lines.map((line): Row => {
    const [uid, study, id, , was] = line.split(',') as [string, string, string, string, string];
    const patient = Number(id.replace(/\D/g, ''));
    const finding = was === 'No finding' ? FINDINGS[0]! : FINDINGS[1 + (Math.floor(patient / 4) % 2)]!; // test films are every fourth patient's;
    return { uid, study, patient, finding };
  });
  return new Map(rows.map((row) => [row.uid, row]));
}

/** As VinDr-SpineXR is published: files named by image id, findings by that name, patients unknown. */
async function publish(site: string, rows: ReadonlyMap<string, Row>): Promise<void> {
  const lines = { train: ['study_id,image_id,lesion_type'], test: ['study_id,image_id,lesion_type'] };
  await mkdir(join(data, 'annotations'), { recursive: true });
  for (const part of ['train', 'test']) await mkdir(join(data, `${part}_images`));
  for (const name of (await readdir(join(site, 'dicom'))).sort()) {
    const film = await readFilm(await readFile(join(site, 'dicom', name)));
    if (!film.ok) continue;
    const { study, finding, patient } = rows.get(film.sopInstanceUid)!;
    const part = patient % 4 === 0 ? 'test' : 'train';
    const id = basename(name, '.dcm');
    lines[part].push(`${study},${id},${finding}`);
    await rename(join(site, 'dicom', name), join(data, `${part}_images`, `${id}.dicom`));
  }
  for (const part of ['train', 'test'] as const)
    await writeFile(join(data, 'annotations', `${part}.csv`), lines[part].join('\n'));
}

beforeAll(async () => {
  const site = await temporaryFolder();
  data = await temporaryFolder();
  outside = join(await temporaryFolder(), 'Rowan 2');
  await publish(site, await writeSite(site, 'elm', 84));
  const rows = [...(await writeSite(outside, 'rowan', 14)).values()];
  const labels = rows.map(({ uid, patient, finding }) => `${uid},${patient},${finding}\n`);
  await writeFile(join(outside, 'labels.csv'), `sop_instance_uid,patient_id,finding\n${labels.join('')}`);
}, 120_000);
afterEach(() => {
  for (const { pid, exitCode, signalCode } of started.splice(0))
    if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL');
});

describe('the paper’s experiment', () => {
  it('as published is refused on a CPU before a film is read, and says what it would take', async () => {
    const out = join(await temporaryFolder(), 'out');
    const { exitCode, text } = await finish(start(out));
    expect(exitCode).toBe(78);
    expect(text).toMatch(
      /EXPERIMENT_TOO_LARGE.*6 trainings of published-256, 4200000 images each.*days here/s,
    );
    expect(existsSync(out)).toBe(false);
  }, 120_000);

  it('killed after its first result goes on, and ends with tables and figure of the published split', async () => {
    const out = await temporaryFolder();
    const quality = join(out, 'private/units/site/spinegan-1/quality.json');
    const first = start(out, ...MINIATURE, '--outside', outside);
    while (!existsSync(quality)) {
      expect(first.exitCode).toBeNull();
      await sleep(200);
    }
    process.kill(-first.pid!, 'SIGKILL');
    await ended(first);
    const before = await readFile(quality, 'utf8');
    expect(await finish(start(out, ...MINIATURE))).toEqual({ exitCode: 0, text: '' });
    expect(await readFile(quality, 'utf8')).toBe(before);
    finished = out;

    const { datasets } = await readResults(out);
    expect(datasets[0]!.films.heldOut).toBe((await readdir(join(data, 'test_images'))).length);
    const { width, height } = await sharp(join(out, 'results/figure-site.png')).metadata();
    expect([width, height]).toEqual([12 * 96, 2 * FINDINGS.length * 96]);
    for (const path of await filesIn(join(out, 'results'), /\.(md|csv|json|svg)$/))
      expect(await readFile(path, 'utf8')).not.toContain('ZZCANARY');
  }, 1_800_000);

  it('trains by the paper’s settings', async () => {
    const experiment = await readJson<{ options: object }>(join(finished, 'experiment.json'));
    expect(experiment!.options).toMatchObject({
      ...{ judgeWeight: 0.1, ganLoss: 'logistic', precision: 'float32', psi: 1 },
      ...{ recipe: 'published', fit: 'centre-square', labels: 'findings' },
    });
    const unit = join(finished, 'private/units/site/spinegan-1');
    expect(await readJson(join(unit, 'classifiers/spinegan-960-1.json'))).toMatchObject({
      ...{ steps: 6, images: 48 - Math.round(0.2 * 48), isPretrained: false },
      recipe: {
        ...{ learningRate: 1e-3, batchSize: 32, weightDecay: 0, schedule: 'constant' },
        augmentation: { mirror: 0.3, warp: { draw: 'uniform', rotation: 5, cropArea: 0.8 } },
      },
    });
    const facts = await readJson<PaperResults['generators'][number]>(join(unit, 'generator/facts.json'));
    expect(facts!.chosen.judge!.lambdaMean).toBeGreaterThan(0.05); // λ rises to .1
    expect(facts!.chosen.judge!.lambdaMean).toBeLessThanOrEqual(0.1);
    const { fullProtocol } = await readResults(finished);
    expect(fullProtocol.filter(({ method }) => method === 'gan').map(({ protocol }) => protocol)).toEqual([
      ...['fid_train_full_24', 'precision_inception_k3_train_full_24', 'recall_inception_k3_train_full_24'],
    ]);
  });

  it('scores every method once on films from outside, by finding, too, and opened them after all training', async () => {
    const results = await readResults(finished);
    for (const testedOn of ['site', 'outside:rowan-2']) {
      const rows = results.auc.filter((row) => row.testedOn === testedOn);
      expect(rows.map(({ method }) => method)).toEqual(METHODS);
      for (const { auc } of rows) {
        expect(auc.low).toBeLessThan(auc.high); // no interval without width
        expect(auc.value).toBeGreaterThanOrEqual(auc.low);
        expect(auc.value).toBeLessThanOrEqual(auc.high);
      }
      const findings = results.findings.filter(({ test }) => test === testedOn);
      expect(findings.map(({ finding, method }) => `${finding} ${method}`)).toEqual(
        FINDINGS.flatMap((finding) => METHODS.map((method) => `${finding} ${method}`)),
      );
      const points = results.curve.filter(({ test }) => test === testedOn);
      expect(points.map(({ method, imagesShown }) => `${method} ${imagesShown}`).sort()).toEqual([
        'gan 480',
        'gan 960',
        'spinegan 480',
        'spinegan 960',
      ]);
    }
    const fidelity = results.quality.filter(({ metric }) => metric === 'label-fidelity');
    for (const finding of FINDINGS)
      expect(fidelity.filter(({ stratum }) => stratum === finding)).toHaveLength(2);
    const [facts] = results.outside;
    const refused = facts!.refused.reduce((sum, { count }) => sum + count, 0);
    expect(facts!.films + refused).toBe((await readdir(join(outside, 'dicom'))).length);
    expect(facts!.refused.map(({ code }) => code)).toContain('NO_PIXEL_DATA');

    const timesOf = async (files: string[]) =>
      (await Promise.all(files.map((path) => stat(path)))).map(({ mtimeMs }) => mtimeMs);
    const trained = await timesOf(
      await filesIn(join(finished, 'private/units'), /classifiers.*\.safetensors$/),
    );
    const opened = await timesOf(await filesIn(join(finished, 'private/outside'), /home\/films\/.*\.png$/));
    expect(Math.min(...opened)).toBeGreaterThan(Math.max(...trained));
  });

  it('takes more films from outside when it has ended, and trains nothing anew', async () => {
    const later = join(await temporaryFolder(), 'later');
    await cp(outside, later, { recursive: true });
    const [before, trained] = [await readResults(finished), await hashTrained(finished)];
    expect(await finish(start(finished, ...MINIATURE, '--outside', later))).toEqual({
      exitCode: 0,
      text: '',
    });
    expect(await hashTrained(finished)).toEqual(trained);
    const { auc } = await readResults(finished);
    expect(auc.filter(({ testedOn }) => testedOn !== 'outside:later')).toEqual(before.auc);
    expect(auc.filter(({ testedOn }) => testedOn === 'outside:later')).toHaveLength(4);
  }, 300_000);

  it('refuses to go on with other options', async () => {
    const { exitCode, text } = await finish(start(finished, ...MINIATURE, '--psi', '0.5'));
    expect(exitCode).toBe(64);
    expect(text).toContain('EXPERIMENT_DIFFERS');
  }, 120_000);
});
