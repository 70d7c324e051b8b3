import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uidFromSeed, type WriteElement, writeDicom } from '@synspine/dicom';

/** Data set of a 12-bit radiograph of noise: no two are equal, and none can be compressed away. */
function filmElements(seed: string, side: number, date: string): WriteElement[] {
  const word = (tag: number, value: number): WriteElement => ({ tag, vr: 'US', value });
  const text = (tag: number, vr: string, value: string): WriteElement => ({ tag, vr, value });
  const pixels = new Uint16Array(side * side);
  randomFillSync(pixels);
  for (let i = 0; i < pixels.length; i++) pixels[i]! &= 0xfff;
  return [
    text(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1'),
    text(0x00080018, 'UI', uidFromSeed(seed)),
    text(0x00080020, 'DA', date),
    text(0x00080060, 'CS', 'CR'),
    text(0x00100010, 'PN', `ZZCANARY^${seed}`),
    text(0x00100020, 'LO', `ZZCANARY-${seed}`),
    text(0x0020000d, 'UI', uidFromSeed(`${seed}/study`)),
    text(0x0020000e, 'UI', uidFromSeed(`${seed}/series`)),
    word(0x00280002, 1),
    text(0x00280004, 'CS', 'MONOCHROME2'),
    word(0x00280010, side),
    word(0x00280011, side),
    word(0x00280100, 16),
    word(0x00280101, 12),
    word(0x00280102, 11),
    word(0x00280103, 0),
    { tag: 0x7fe00010, vr: 'OW', value: new Uint8Array(pixels.buffer) },
  ];
}

export type TestFilm = { path: string; uid: string; file: Buffer };

/** Writes `count` films in folders of `perFolder`, and a label file for all of them. */
export async function writeFilms(
  folder: string,
  count: number,
  { perFolder = count, side = 256, name = 'film' } = {},
): Promise<{ films: TestFilm[]; folders: string[]; labels: string }> {
  const films: TestFilm[] = [];
  const folders = Array.from({ length: Math.ceil(count / perFolder) }, (_, i) => join(folder, `part-${i}`));
  for (const made of folders) await mkdir(made, { recursive: true });
  for (let i = 0; i < count; i++) {
    const path = join(folders[Math.floor(i / perFolder)]!, `${i}.dcm`);
    const date = `202001${String(1 + (i % 28)).padStart(2, '0')}`;
    const file = writeDicom(filmElements(`${name}-${i}`, side, date));
    await writeFile(path, file);
    films.push({ path, uid: uidFromSeed(`${name}-${i}`), file });
  }
  const labels = join(folder, 'labels.csv');
  const rows = films.map(({ uid }, i) => `${uid},${i % 2 ? 'abnormal' : 'normal'}`);
  await writeFile(labels, ['sop_instance_uid,label', ...rows, ''].join('\n'));
  return { films, folders, labels };
}

/** The bytes after the file meta information: what C-STORE carries. */
export function dataSetOf(file: Buffer): Buffer {
  return file.subarray(144 + file.readUInt32LE(140)); // (0002,0000) says how long the rest of the group is
}
