import { describe, expect, it } from 'vitest';
import { type Dataset, findElement, readText } from '../dataset/dataset.ts';
import { readPart10 } from '../dataset/read-part10.ts';
import { readFilm } from '../read-film.ts';
import { isRefusal } from '../refusals.ts';
import { encodeSynthetic, SECONDARY_CAPTURE, type SyntheticImage } from './encode-synthetic.ts';

const SIZE = 16;
const image: SyntheticImage = {
  gray: Uint8Array.from({ length: SIZE ** 2 }, (_, i) => i),
  size: SIZE,
  uidSeed: 'a generator/1/7',
  className: 'Disc space narrowing',
  derivation: 'Sampled from a generative network: seed 1, index 7, truncation 0.7.',
  softwareVersion: '0.1.0',
  sourceType: { uri: 'http://vocabulary.example/trained', xmp: '<?xpacket begin="\uFEFF"?>statement' },
};

async function read(changes: Partial<SyntheticImage> = {}): Promise<Dataset> {
  const file = await readPart10(encodeSynthetic({ ...image, ...changes }));
  if (isRefusal(file)) throw new Error(file.code);
  return file.dataset;
}

describe('encodeSynthetic', () => {
  it('says by the standard’s own attributes that the image is synthetic and no patient is in it', async () => {
    const dataset = await read();
    const texts = {
      524310: SECONDARY_CAPTURE,
      524296: 'DERIVED\\SECONDARY',
      524316: 'YES', // Synthetic Data
      524388: 'SYN', // Conversion Type
      1048592: 'SYNTHETIC^IMAGE',
      1179746: 'YES', // Patient Identity Removed
      2622209: 'NO', // Burned In Annotation
      532753: image.derivation,
    };
    for (const [tag, text] of Object.entries(texts)) expect(readText(dataset, Number(tag))).toBe(text);
    expect(readText(dataset, 0x00204000)).toContain('Disc space narrowing');
  });

  it('has every attribute of types 1 and 2 of the Secondary Capture modules', async () => {
    const dataset = await read();
    const required = [
      ...[0x00100010, 0x00100020, 0x00100030, 0x00100040], // Patient
      ...[0x0020000d, 0x00080020, 0x00080030, 0x00080090, 0x00200010, 0x00080050], // General Study
      ...[0x00080060, 0x0020000e, 0x00200011], // General Series
      ...[0x00080064, 0x00200013, 0x00080016, 0x00080018], // SC Equipment, General Image, SOP Common
      ...[
        0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
        0x7fe00010,
      ],
    ];
    expect(required.filter((tag) => !findElement(dataset, tag))).toEqual([]);
  });

  it('says by which vocabulary it is synthetic, and holds the statement of the PNGs as it is', async () => {
    const dataset = await read();
    const code = findElement(dataset, 0x00089215)!.items![0]!.dataSet!;
    expect(readText(code, 0x00080120)).toBe(image.sourceType.uri);
    expect(readText(dataset, 0x00090010)).toBe('SYNSPINE');
    const { dataOffset, length } = findElement(dataset, 0x00091001)!;
    const statement = Buffer.from(dataset.byteArray.slice(dataOffset, dataOffset + length));
    expect(statement.toString().replace(/\0$/, '')).toBe(image.sourceType.xmp);
  });

  it('keeps the pixels to the bit', async () => {
    const dataset = await read();
    const { dataOffset, length } = findElement(dataset, 0x7fe00010)!;
    expect(dataset.byteArray.slice(dataOffset, dataOffset + length)).toEqual(Buffer.from(image.gray));
  });

  it('makes UIDs of the seed alone: equal for the same image, none shared by two', async () => {
    const uidsOf = (dataset: Dataset) =>
      [0x00080018, 0x0020000d, 0x0020000e].map((tag) => readText(dataset, tag));
    const [first, again, other] = [await read(), await read(), await read({ uidSeed: 'a generator/1/8' })];
    expect(uidsOf(again)).toEqual(uidsOf(first));
    expect(new Set([...uidsOf(first), ...uidsOf(other)]).size).toBe(6);
    for (const uid of uidsOf(first)) expect(uid).toMatch(/^2\.25\.[1-9]\d{1,38}$/);
    expect(readText(first, 0x00100020)).not.toBe(readText(other, 0x00100020));
  });

  it('is not taken for a film of a patient', async () => {
    expect(await readFilm(encodeSynthetic(image))).toMatchObject({
      ok: false,
      code: 'MODALITY_NOT_ACCEPTED',
    });
  });
});
