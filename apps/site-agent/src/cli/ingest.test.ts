import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../films/catalogue.ts';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const site = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [BIN, ...args], { encoding: 'utf8' })).stdout;

const PATIENTS = 16;
let phantoms: string;
beforeAll(async () => {
  phantoms = join(await temporaryFolder(), 'phantoms');
  const args = ['--patients', String(PATIENTS), '--abnormal-share', '.875'];
  expect(await site('phantoms', '--out', phantoms, ...args)).toMatch(/films of 16 patients/);
}, 120_000);

const filmsOf = async (home: string) => (await openCatalogue(await openHome(home))).films();

describe('synspine-site ingest', () => {
  it('takes labels.csv of the folder, with what was found on each film', async () => {
    const home = join(await temporaryFolder(), 'home');
    expect(await site('ingest', phantoms, '--home', home)).toMatch(/films ingested, 3 refused/);
    const patientsOf = new Map<string, Set<string>>();
    for (const { findings, patientKey } of await filmsOf(home)) {
      const of = patientsOf.get(findings.join()) ?? new Set();
      patientsOf.set(findings.join(), of.add(patientKey));
    }
    expect([...patientsOf.values()].map(({ size }) => size)).toEqual(new Array(8).fill(PATIENTS / 8));
  }, 120_000);

  it('reads VinDr-SpineXR as it is published, and seals its test films when told to', async () => {
    const folder = await temporaryFolder();
    for (const name of ['annotations', 'train_images', 'test_images']) await mkdir(join(folder, name));
    const rows = (await readFile(join(phantoms, 'labels.csv'), 'utf8')).trim().split('\n').slice(1);
    const names = (await readdir(join(phantoms, 'dicom'))).sort();
    for (const [i, name] of names.entries()) {
      const part = i % 5 === 0 ? 'test' : 'train';
      await cp(join(phantoms, 'dicom', name), join(folder, `${part}_images`, `image${i}.dicom`));
    }
    const line = (i: number) => `study${i},series,image${i},R1,${rows[i]!.split(',').at(-1)},1,2,3,4`;
    const table = (isOf: (i: number) => boolean) =>
      ['study_id,series_id,image_id,rad_id,lesion_type,xmin,ymin,xmax,ymax']
        .concat(names.flatMap((_, i) => (isOf(i) ? [line(i)] : [])))
        .join('\n');
    await writeFile(
      join(folder, 'annotations/test.csv'),
      table((i) => i % 5 === 0),
    );
    await writeFile(
      join(folder, 'annotations/train.csv'),
      table((i) => i % 5 !== 0),
    );
    const home = join(await temporaryFolder(), 'home');
    expect(await site('ingest', folder, '--home', home, '--hold-out', 'published')).toMatch(/3 refused/);
    const films = await filmsOf(home);
    expect(films).toHaveLength(names.length - 3);
    const held = films.filter(({ part }) => part === 'hold-out').length;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(films.length / 2);
  }, 120_000);

  it('says what to do where there are no labels, and that there is nothing to do without a film', async () => {
    const folder = await temporaryFolder();
    const args = ['ingest', folder, '--home', join(await temporaryFolder(), 'home')];
    await expect(site(...args)).rejects.toMatchObject({
      code: 12,
      stderr: expect.stringMatching(/FOLDER_EMPTY.*no labels\.csv and no film/),
    });
    await cp(join(phantoms, 'dicom'), folder, { recursive: true });
    await expect(site(...args, '--labels', join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/LABELS_MISSING.*--labels/),
    });
  }, 120_000);

  it('refuses unknown words by row and column, never says them, and takes the films once they are mapped', async () => {
    const folder = await temporaryFolder();
    await cp(join(phantoms, 'dicom'), folder, { recursive: true });
    const rows = (await readFile(join(phantoms, 'labels.csv'), 'utf8')).trim().split('\n');
    const uidColumn = rows[0]!.split(',').indexOf('sop_instance_uid');
    const labelled = rows.slice(1).map((row) => `${row.split(',')[uidColumn]},ZZCANARY^ANNA`);
    await writeFile(join(folder, 'labels.csv'), ['sop_instance_uid,finding', ...labelled].join('\n'));
    const home = join(await temporaryFolder(), 'home');
    const json = join(home, '..', 'verdicts.json');
    const ingest = [BIN, 'ingest', folder, '--home', home, '--json', json];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ingest);
    expect(stdout).toMatch(/^0 films ingested/);
    expect(stdout).toMatch(/LABEL_UNKNOWN \d+ \(label file: column finding, row [\d, ]+ and others\)/);
    expect(stdout + stderr + (await readFile(json, 'utf8'))).not.toContain('ZZCANARY');
    const words = { 'zzcanary^anna': 'normal' };
    await writeFile(join(home, 'labels.json'), JSON.stringify({ schema: 'synspine.labels/1', words }));
    expect((await promisify(execFile)(process.execPath, ingest)).stdout).toMatch(
      /^\d\d films ingested, 3 ref/,
    );
  }, 120_000);

  it('reads a folder without labels, says where it looked, and takes the films once there is a label file', async () => {
    const folder = await temporaryFolder();
    await cp(join(phantoms, 'dicom'), folder, { recursive: true });
    const home = join(await temporaryFolder(), 'home');
    const ingest = [BIN, 'ingest', folder, '--home', home];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ingest);
    expect(stdout).toMatch(/^0 films ingested/);
    expect(stdout).toMatch(/NO_LABEL \d+/);
    expect(stderr).toContain(join(folder, 'labels.csv'));
    await cp(join(phantoms, 'labels.csv'), join(folder, 'labels.csv'));
    const retried = await site('quarantine', 'retry', '--code', 'NO_LABEL', '--home', home);
    expect(retried).toMatch(/^\d\d films ingested, 0 refused/);
  }, 120_000);
});
