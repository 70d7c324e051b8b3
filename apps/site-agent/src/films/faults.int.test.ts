import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createFilmReader } from '@synspine/dicom';
import { describe, expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openCatalogue } from './catalogue.ts';
import { ingestSource } from './ingest-source.ts';
import { readSource } from './source.ts';

/** Small inputs that were once read wrongly, where a developer has them beside the repository. They are no part of it. */
const faults = resolve(import.meta.dirname, '../../../../../shared/data/faults');

const temporaryFolder = useTemporaryFolders();

async function ingest(folder: string, labelFile?: string) {
  const home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  const verdicts = await ingestSource(home, { source: await readSource(folder, labelFile), fit: 'squeeze' });
  const films = (await openCatalogue(home)).films();
  const findings = (pixels?: string) =>
    films.find(({ pixelSha256 }) => pixelSha256 === pixels)?.findings.join();
  return verdicts.map(({ file, code, pixelSha256 }) => [basename(file), code ?? findings(pixelSha256)]);
}

describe.runIf(existsSync(faults))('label files that were read wrongly', () => {
  it('leave a healthy film healthy, whatever word they have for it', async () => {
    const labels = join(faults, 'F16_findings_normal_none_dash.csv');
    const uids = (await readFile(labels, 'utf8')).trim().split('\n').slice(1);
    expect(uids).toHaveLength(4);
    const verdicts = await ingest(join(faults, 'F16_films'), labels);
    expect(verdicts.map(([, finding]) => finding).sort()).toEqual([
      ...['No finding', 'No finding', 'No finding', 'Osteophytes'],
    ]);
  });

  it.each(['05_semicolon.csv', '20_filename_with_ending.csv', '30_uid_excel_formula.csv'])(
    'are read as the hospital wrote them: %s',
    async (name) => {
      const verdicts = await ingest(join(faults, 'F16_films'), join(faults, name));
      expect(verdicts).toEqual([
        ['IM00.dcm', 'Unspecified finding'],
        ['IM01.dcm', 'No finding'],
        ['IM02.dcm', 'Unspecified finding'],
        ['IM03.dcm', 'No finding'],
      ]);
    },
  );

  it('refuse a name that two folders have', async () => {
    const folder = join(faults, 'F17_same_name_two_folders');
    expect(await ingest(folder, `${folder}.csv`)).toEqual([
      ['IM000001', 'LABEL_AMBIGUOUS'],
      ['IM000001', 'LABEL_AMBIGUOUS'],
    ]);
  });

  it('let the folder decide whose a name is', async () => {
    const folder = join(faults, 'F17_same_name_two_folders');
    const labels = join(await temporaryFolder(), 'labels.csv');
    await writeFile(labels, 'image_id,label\nA\\IM000001,abnormal\nB/IM000001,normal\n');
    expect(await ingest(folder, labels)).toEqual([
      ['IM000001', 'Unspecified finding'],
      ['IM000001', 'No finding'],
    ]);
  });
});

describe.runIf(existsSync(faults))('films that were read wrongly', () => {
  it('end as they should, each by itself', async () => {
    const codes = new Map<string, string | null>();
    const films = (await readdir(faults)).filter((name) => name.endsWith('.dcm')).sort();
    const reader = createFilmReader({
      ...{ processes: 1, timeoutMs: 30_000, image: { size: 256, fit: 'squeeze' } },
    });
    try {
      for (const name of films) {
        const film = await reader.read(join(faults, name));
        codes.set(name, film.ok ? null : film.code);
      }
    } finally {
      await reader.close();
    }
    expect(codes.size).toBeGreaterThanOrEqual(11);
    const refused = [...codes].filter(([, code]) => code !== null);
    expect(refused).toEqual([['F12_for_processing.dcm', 'FOR_PROCESSING']]);
  });
});
