import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createFilmReader,
  renderPhantom,
  type WriteElement,
  type WriteValue,
  writeDicom,
} from '@synspine/dicom';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { writeJson } from '../durable-file.ts';
import { ingestFolder } from '../films/ingest-folder.ts';
import { MASTER_SIZE } from '../films/master-image.ts';
import { readSource } from '../films/source.ts';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { type ProfileRow, readConfidentialityProfile } from './confidentiality-profile.ts';
import type { DeIdentificationReport } from './report.ts';

/** Values that can be told from all others, for each kind of attribute; ages and 16-bit numbers are too short for one. */
const CANARIES: Record<string, string> = {
  ...{ UI: '1.9.70707.', DA: '19370713', TM: '070707.07', DT: '19370713070707.07' },
  ...{ DS: '70707.0707', IS: '70707071', AS: '070Y' },
};
const NEEDLES = ['ZZCANARY', '1.9.70707.', '19370713', '070707.07', '70707.0707', '70707071'];

const temporaryFolder = useTemporaryFolders();
let rows: ProfileRow[];
let home: Home;
let film: Buffer;

beforeAll(async () => {
  rows = (await readConfidentialityProfile()).filter(({ tag }) => isInDataSet(tag));
  const folder = await temporaryFolder();
  film = writeFilm(rows.map(toCanary));
  await writeFile(join(folder, 'film.dcm'), film);
  await writeFile(join(folder, 'broken.dcm'), film.subarray(0, film.length - 9));
  await writeFile(join(folder, 'labels.csv'), `image_id,label\nfilm,abnormal\nbroken,normal\n`);
  home = await openHome(await temporaryFolder(), { create: true });
  const image = { size: MASTER_SIZE, fit: 'squeeze' } as const;
  const reader = createFilmReader({ processes: 1, timeoutMs: 60_000, image });
  const source = await readSource(folder);
  const verdicts = await ingestFolder(home, {
    source,
    fit: 'squeeze',
    readFilm: (path) => reader.read(path),
  }).finally(() => reader.close());
  expect(verdicts.map(({ code }) => code).sort()).toEqual(['TRUNCATED', null]);
}, 120_000);

/** Groups 0000 and 0002 are a message's and a file's, not a data set's. */
function isInDataSet(tag: string): boolean {
  return !tag.startsWith('0000') && !tag.startsWith('0002');
}

function toCanary({ tag, vr }: ProfileRow): WriteElement {
  const number = Number.parseInt(tag.replace('ODDXXXXX', '00111001').replaceAll('X', '0'), 16);
  return { tag: number, vr, value: toValue(number, vr) };
}

function toValue(number: number, vr: string): WriteValue {
  const text = `ZZCANARY${number.toString(16).padStart(8, '0').toUpperCase()}`;
  if (vr === 'SQ') return { items: [[{ tag: 0x00081030, vr: 'LO', value: text }]] };
  if (vr === 'US') return 0x5a5a;
  if (vr === 'OB' || vr === 'OW' || vr === 'UN') return Buffer.from(text);
  return vr === 'UI' ? `${CANARIES.UI}${number}` : (CANARIES[vr] ?? text);
}

function writeFilm(canaries: WriteElement[]): Buffer {
  const { rows, columns, pixels } = renderPhantom({
    ...{ seed: 'canary', finding: 'Osteophytes', view: 'AP', size: 300 },
  });
  const own: WriteElement[] = [
    { tag: 0x00080016, vr: 'UI', value: '1.2.840.10008.5.1.4.1.1.1.1' },
    { tag: 0x00080060, vr: 'CS', value: 'DX' },
    { tag: 0x00110010, vr: 'LO', value: 'ZZCANARY PRIVATE' },
    { tag: 0x00180015, vr: 'CS', value: 'LSPINE' },
    { tag: 0x00280002, vr: 'US', value: 1 },
    { tag: 0x00280004, vr: 'CS', value: 'MONOCHROME2' },
    { tag: 0x00280010, vr: 'US', value: rows },
    { tag: 0x00280011, vr: 'US', value: columns },
    { tag: 0x00280100, vr: 'US', value: 8 },
    { tag: 0x00280101, vr: 'US', value: 8 },
    { tag: 0x00280102, vr: 'US', value: 7 },
    { tag: 0x00280103, vr: 'US', value: 0 },
    { tag: 0x00281050, vr: 'DS', value: '128' },
    { tag: 0x00281051, vr: 'DS', value: '256' },
    { tag: 0x7fe00010, vr: 'OB', value: Uint8Array.from(pixels, (value) => Math.round(255 * value)) },
  ];
  return writeDicom([...canaries, ...own]);
}

/** Every file of the home but the quarantine, by name and content; images as their pixels, too. */
async function readHome(): Promise<string[]> {
  const entries = await readdir(home.path, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = paths.filter((path) => path !== home.files.quarantine);
  const texts = await Promise.all(kept.map((path) => readFile(path, 'latin1')));
  const images = kept.filter((path) => path.endsWith('.png'));
  const pixels = await Promise.all(images.map((path) => sharp(path).raw().toBuffer()));
  expect(images).toHaveLength(1);
  return [...kept, ...texts, ...pixels.map((bytes) => bytes.toString('latin1'))];
}

const search = (texts: readonly string[]) =>
  NEEDLES.filter((needle) => texts.some((text) => text.includes(needle)));

describe('de-identification', () => {
  it('leaves nothing of any attribute of the confidentiality profile in the home', async () => {
    expect(rows.length).toBeGreaterThan(640);
    expect(search([film.toString('latin1')])).toEqual(NEEDLES); // the film does hold what is searched for
    expect(search(await readHome())).toEqual([]);
  });

  it('is reported with the site’s counts, its policy and every attribute, and nothing of a patient', async () => {
    await writeJson(home.files.selection, { schema: 'synspine.selection/1', burnedInText: 'refuse' });
    const out = join(await temporaryFolder(), 'report');
    const program = await buildProgram('deid-report');
    await program.parseAsync(['node', 'x', 'deid-report', '--home', home.path, '--out', `${out}.md`]);
    const report = JSON.parse(await readFile(`${out}.json`, 'utf8')) as DeIdentificationReport;
    expect(report.films).toMatchObject({ ingested: 1, inspected: 1, notInspected: 0, masked: 0 });
    expect(report.films.refused).toEqual([{ code: 'TRUNCATED', count: 1 }]);
    expect(report.burnedInText).toBe('refuse');
    const text = await readFile(`${out}.md`, 'utf8');
    for (const { tag, name } of rows)
      expect(text).toContain(`| (${tag.slice(0, 4)},${tag.slice(4)}) | ${name} |`);
    expect(text).toContain('| 113101 | Clean Pixel Data | yes |');
    expect(text).toContain('| refused, TRUNCATED | 1 |');
    expect(search([text, JSON.stringify(report)])).toEqual([]);
    expect(text).not.toContain(home.path);
  });
});
