import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
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
const FLAGS = [
  ...['--hold-out', 'published', '--images-shown', '960', '--synthetic-count', '64'],
  ...['--seeds', '1', '--classifier-seeds', '2', '--classifier-steps', '20', '--jobs', '2'],
];

let data: string;
let finished: string; // the folder of an experiment that has ended
const started: ChildProcess[] = [];

/** The command as a researcher starts it, in a process group of its own. */
function start(out: string, ...more: string[]): ChildProcess {
  const args = [BIN, 'experiment', 'paper', '--data', data, '--out', out, ...FLAGS, ...more];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  return child;
}
const ended = (child: ChildProcess) =>
  new Promise<number | null>((done) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done(child.exitCode),
  );

const readResults = async (out: string) => (await readJson<PaperResults>(join(out, 'results/paper.json')))!;

/** Every generator and classifier of an experiment, by its hash. */
async function hashTrained(out: string): Promise<Record<string, string>> {
  const units = join(out, 'private/units');
  const files = (await readdir(units, { recursive: true }))
    .filter((name) => name.endsWith('.safetensors'))
    .sort();
  const hash = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(units, name)))
      .digest('hex');
  const entries = await Promise.all(files.map(async (name) => [name, await hash(name)] as const));
  expect(entries.length).toBeGreaterThan(10);
  return Object.fromEntries(entries);
}

/** Phantoms as VinDr-SpineXR is published: files named by image id, findings by that name, patients unknown. */
beforeAll(async () => {
  const site = await temporaryFolder();
  data = await temporaryFolder();
  await writePhantomSite(site, { site: 'elm', patients: 90, seed: 'paper', size: 256 });
  const findings = new Map(
    (await readFile(join(site, 'labels.csv'), 'utf8'))
      .split('\n')
      .map((line) => line.split(','))
      .map((cells) => [cells[0], { study: cells[1], finding: cells[4] }]),
  );
  const rows = { train: ['study_id,image_id,lesion_type'], test: ['study_id,image_id,lesion_type'] };
  await mkdir(join(data, 'annotations'), { recursive: true });
  for (const part of ['train', 'test']) await mkdir(join(data, `${part}_images`));
  for (const name of (await readdir(join(site, 'dicom'))).sort()) {
    const film = await readFilm(await readFile(join(site, 'dicom', name)));
    if (!film.ok) continue;
    const { study, finding } = findings.get(film.sopInstanceUid)!;
    const part = Number(film.patientId!.replace(/\D/g, '')) % 4 === 0 ? 'test' : 'train';
    const id = basename(name, '.dcm');
    rows[part].push(`${study},${id},${finding}`);
    await rename(join(site, 'dicom', name), join(data, `${part}_images`, `${id}.dicom`));
  }
  for (const part of ['train', 'test'] as const)
    await writeFile(join(data, 'annotations', `${part}.csv`), rows[part].join('\n'));
}, 120_000);
afterEach(() => {
  for (const { pid, exitCode, signalCode } of started.splice(0))
    if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL');
});

describe('the paper’s experiment', () => {
  it('killed after its first result goes on, and ends with tables and figure of the published split', async () => {
    const out = await temporaryFolder();
    const quality = join(out, 'private/units/site/spinegan-1/quality.json');
    const first = start(out);
    while (!existsSync(quality)) {
      expect(first.exitCode).toBeNull();
      await sleep(200);
    }
    process.kill(-first.pid!, 'SIGKILL');
    await ended(first);
    const before = await readFile(quality, 'utf8');
    const second = start(out);
    const text = (await second.stderr!.toArray()).join('');
    expect({ exitCode: await ended(second), text }).toEqual({ exitCode: 0, text: '' });
    finished = out;
    expect(await readFile(quality, 'utf8')).toBe(before);

    const results = (await readJson<PaperResults>(join(out, 'results/paper.json')))!;
    expect(results.auc.map(({ method }) => method)).toEqual(['real', 'gan', 'spinegan', 'real+spinegan']);
    for (const { auc } of results.auc) expect(auc.ciLow).toBeLessThanOrEqual(auc.ciHigh);
    const tests = (await readdir(join(data, 'test_images'))).length;
    expect(results.datasets[0]!.films.heldOut).toBe(tests);
    const { width, height } = await sharp(join(out, 'results/figure-site.png')).metadata();
    expect([width, height]).toEqual([12 * 96, 4 * 96]);
    for (const name of ['table-1.md', 'table-1.csv', 'table-2.md', 'table-2.csv', 'paper.json'])
      expect(await readFile(join(out, 'results', name), 'utf8')).not.toContain('ZZCANARY');
  }, 600_000);

  it('scores every classifier on films from outside that come after all training, and trains nothing anew', async () => {
    const outside = join(await temporaryFolder(), 'Outside Films');
    await writePhantomSite(outside, { site: 'rowan', patients: 14, seed: 'outside', size: 256 });
    const before = await readResults(finished);
    const trained = await hashTrained(finished);
    const run = start(finished, '--outside', outside);
    const text = (await run.stderr!.toArray()).join('');
    expect({ exitCode: await ended(run), text }).toEqual({ exitCode: 0, text: '' });

    expect(await hashTrained(finished)).toEqual(trained);
    const results = await readResults(finished);
    for (const testedOn of ['site', 'outside:outside-films']) {
      const rows = results.auc.filter((row) => row.testedOn === testedOn);
      expect(rows.map(({ method }) => method)).toEqual(['real', 'gan', 'spinegan', 'real+spinegan']);
      for (const { auc } of rows) {
        expect(auc.low).toBeLessThan(auc.high); // no interval without width
        expect(auc.value).toBeGreaterThanOrEqual(auc.low);
        expect(auc.value).toBeLessThanOrEqual(auc.high);
      }
    }
    expect(results.auc.filter(({ testedOn }) => testedOn === 'site')).toEqual(before.auc);
    const [facts] = results.outside;
    const files = (await readdir(join(outside, 'dicom'))).length;
    const refused = facts!.refused.reduce((sum, { count }) => sum + count, 0);
    expect(facts!.films + refused).toBe(files);
    expect(facts!.refused.map(({ code }) => code)).toContain('NO_PIXEL_DATA');
    expect(facts!.alsoInside).toBe(0);
    const points = results.curve.filter(({ test }) => test === 'outside:outside-films');
    expect(points.map(({ method, imagesShown }) => [method, imagesShown])).toEqual([
      ...[480, 960].map((shown) => ['gan', shown]),
      ...[480, 960].map((shown) => ['spinegan', shown]),
    ]);
    expect(JSON.stringify(results)).not.toContain('ZZCANARY');
  }, 300_000);

  it('refuses to go on with other options', async () => {
    const out = await temporaryFolder();
    const first = start(out);
    while (!existsSync(join(out, 'experiment.json'))) await sleep(100);
    process.kill(-first.pid!, 'SIGKILL');
    await ended(first);
    const second = start(out, '--psi', '0.5');
    const text = (await second.stderr!.toArray()).join('');
    expect(await ended(second)).not.toBe(0);
    expect(text).toContain('EXPERIMENT_DIFFERS');
  }, 120_000);
});
