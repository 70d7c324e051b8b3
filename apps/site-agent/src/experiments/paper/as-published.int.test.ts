import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePhantomSite } from '@synspine/dicom';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson } from '../../durable-file.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import type { PaperResults } from './results.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../../bin/synspine-site.mjs', import.meta.url));
const FINDINGS = ['No finding', 'Osteophytes', 'Surgical implant'];

let data: string;
let outside: string;

/** A site with three findings in its label file, where the phantoms have eight: enough patients of each. */
async function writeSite(folder: string, site: string, patients: number): Promise<void> {
  await writePhantomSite(folder, { site, patients, seed: site, size: 256, abnormalShare: 0.66, view: 'AP' });
  const path = join(folder, 'labels.csv');
  const [header, ...rows] = (await readFile(path, 'utf8')).trim().split('\n');
  const relabelled = rows.map((row) => {
    const cells = row.split(',');
    const number = Number(cells[2]!.replace(/\D/g, ''));
    const finding = cells[4] === 'No finding' ? FINDINGS[0]! : FINDINGS[1 + (number % 2)]!;
    return [...cells.slice(0, 4), finding].join(',');
  });
  await writeFile(path, `${[header, ...relabelled].join('\n')}\n`);
}

beforeAll(async () => {
  [data, outside] = [await temporaryFolder(), join(await temporaryFolder(), 'rowan')];
  await writeSite(data, 'elm', 84);
  await writeSite(outside, 'rowan', 18);
}, 120_000);

function run(...more: string[]): Promise<{ exitCode: number; stderr: string }> {
  const args = [BIN, 'experiment', 'paper', '--as-published', '--data', data, ...more];
  return new Promise((done) => {
    execFile(process.execPath, args, (error, _, stderr) =>
      done({ exitCode: error ? Number(error.code) : 0, stderr }),
    );
  });
}

describe('the paper’s experiment as published', () => {
  it('is refused on a CPU before a film is read, and says what it would take', async () => {
    const out = join(await temporaryFolder(), 'out');
    const { exitCode, stderr } = await run('--out', out);
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/EXPERIMENT_TOO_LARGE.*6 trainings of paper-256, 4200000 images each.*days here/s);
    expect(existsSync(out)).toBe(false);
  }, 60_000);

  it('in miniature trains by the paper’s settings, judges each finding, and opens outside films last', async () => {
    const out = await temporaryFolder();
    const ended = await run(
      ...['--out', out, '--outside', outside, '--labels', 'findings', '--jobs', '2'],
      ...['--preset', 'demo-32', '--images-shown', '960', '--synthetic-count', '48', '--seeds', '1'],
      ...['--classifier', 'small-cnn', '--classifier-steps', '6', '--classifier-seeds', '1'],
      ...['--full-protocol-images', '24'],
    );
    expect(ended).toEqual({ exitCode: 0, stderr: '' });

    const experiment = await readJson<{ options: Record<string, unknown> }>(join(out, 'experiment.json'));
    expect(experiment!.options).toMatchObject({
      ...{ judgeWeight: 0.1, ganLoss: 'logistic', precision: 'float32', psi: 1 },
      ...{ recipe: 'published', fit: 'centre-square', labels: 'findings' },
    });
    const unit = join(out, 'private/units/site/spinegan-1');
    const classifier = await readJson<Record<string, unknown>>(join(unit, 'classifiers/spinegan-960-1.json'));
    expect(classifier).toMatchObject({
      ...{ steps: 6, images: 48 - Math.round(0.2 * 48), isPretrained: false },
      recipe: {
        ...{ learningRate: 1e-3, batchSize: 32, weightDecay: 0, schedule: 'constant' },
        augmentation: { mirror: 0.3, warp: { draw: 'uniform', rotation: 5, cropArea: 0.8 } },
      },
    });
    const facts = await readJson<{ chosen: { judge: { lambdaMean: number } } }>(
      join(unit, 'generator/facts.json'),
    );
    expect(facts!.chosen.judge.lambdaMean).toBeGreaterThan(0.05);
    expect(facts!.chosen.judge.lambdaMean).toBeLessThanOrEqual(0.1);

    const results = (await readJson<PaperResults>(join(out, 'results/paper.json')))!;
    const places = ['site', 'outside:rowan'];
    expect(results.findings.map(({ finding, method, test }) => [test, finding, method].join())).toEqual(
      places.flatMap((place) =>
        FINDINGS.flatMap((finding) =>
          ['real', 'gan', 'spinegan', 'real+spinegan'].map((method) => [place, finding, method].join()),
        ),
      ),
    );
    const fidelity = results.quality.filter(({ metric }) => metric === 'label-fidelity');
    for (const finding of FINDINGS)
      expect(
        fidelity
          .filter(({ stratum }) => stratum === finding)
          .map(({ method }) => method)
          .sort(),
      ).toEqual(['gan', 'spinegan']);
    expect(results.fullProtocol.map(({ method, protocol }) => [method, protocol])).toEqual(
      ['spinegan', 'gan'].flatMap((method) => [
        [method, 'fid_train_full_24'],
        [method, 'precision_inception_k3_train_full_24'],
        [method, 'recall_inception_k3_train_full_24'],
      ]),
    );
    const { width, height } = await sharp(join(out, 'results/figure-site.png')).metadata();
    expect([width, height]).toEqual([12 * 96, 2 * FINDINGS.length * 96]);

    const trained = await newestOf(join(out, 'private/units'), /classifiers.*\.safetensors$/);
    const opened = await oldestOf(join(out, 'private/outside'), /home\/films\//);
    expect(opened).toBeGreaterThan(trained);
  }, 600_000);
});

async function timesOf(folder: string, wanted: RegExp): Promise<number[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => wanted.test(name));
  const times = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mtimeMs));
  expect(times.length).toBeGreaterThan(0);
  return times;
}
const newestOf = async (folder: string, wanted: RegExp) => Math.max(...(await timesOf(folder, wanted)));
const oldestOf = async (folder: string, wanted: RegExp) => Math.min(...(await timesOf(folder, wanted)));
