import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filmElements, SYNTAX } from '../fixtures/film-elements.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';
import { createFilmReader, type FilmReader } from './film-reader.ts';

const SECONDS_MAX = 1;
const MEGABYTES_MAX = 256;
const TICKS_PER_SECOND = 100; // of Linux's /proc

let folder: string;
let reader: FilmReader;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bombs-'));
  reader = createFilmReader({ processes: 1, image: { size: 64, fit: 'squeeze' } });
});
afterEach(async () => {
  await reader.close();
  rmSync(folder, { recursive: true });
});

const read = (bytes: Uint8Array) => {
  const path = join(folder, 'film.dcm');
  writeFileSync(path, bytes);
  return reader.read(path);
};

/** The one child of this process that reads films: the most memory it ever had, and its processor time. */
function measureChild(): { megabytes: number; seconds: number } {
  const child = readdirSync('/proc').find((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${process.pid}\n`);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('film-reader-child');
    } catch {
      return false; // no process, or one that has ended
    }
  });
  const status = readFileSync(`/proc/${child}/status`, 'latin1');
  const times = readFileSync(`/proc/${child}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return {
    megabytes: Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024,
    seconds: (Number(times[11]) + Number(times[12])) / TICKS_PER_SECOND,
  };
}

const deflated = writeDicom([], SYNTAX.deflated).subarray(0, -deflateRawSync(Buffer.alloc(0)).length);
/** 2²⁰ zeros, deflated in blocks that more can follow; 03 00 is an empty last block. */
const zeros = deflateRawSync(Buffer.alloc(2 ** 20), { level: 9, finishFlush: constants.Z_SYNC_FLUSH });
const word = (tag: number, value: number): WriteElement => ({ tag, vr: 'US', value });

function nest(levels: number): Buffer {
  const open = Buffer.from('0900100053510000fffffffffeff00e0ffffffff', 'hex');
  const close = Buffer.from('feff0de000000000feffdde000000000', 'hex');
  return Buffer.concat([...Array<Buffer>(levels).fill(open), ...Array<Buffer>(levels).fill(close)]);
}

function largest(pixelData: Uint8Array | { fragments: Uint8Array[] }, syntax: string): Buffer {
  const change = { 2621456: word(0x00280010, 65_535), 2621457: word(0x00280011, 65_535) };
  return writeDicom(filmElements({ pixelData, pixelVr: 'OB', change }), syntax);
}

/** A JPEG 2000 codestream that says that it is 65,535 pixels wide and high. */
const codestream = Buffer.from(
  'ff4fff51002900000000ffff0000ffff00000000000000000000ffff0000ffff00000000000000000001070101ffd9',
  'hex',
);

describe('a file that is made to exhaust its reader', () => {
  const bombs: [string, () => Buffer, string][] = [
    [
      'a megabyte that inflates to a gigabyte',
      () => Buffer.concat([deflated, ...Array<Buffer>(1_024).fill(zeros), Buffer.from([3, 0])]),
      'TOO_LARGE',
    ],
    ['sequences of 20,000 levels', () => Buffer.concat([writeDicom([]), nest(20_000)]), 'NESTED_TOO_DEEP'],
    ['an image of 65,535²', () => largest(Buffer.alloc(1_000), SYNTAX.explicit), 'TOO_LARGE'],
    ['such an image, compressed', () => largest({ fragments: [codestream] }, SYNTAX.jpeg2000), 'TOO_LARGE'],
    [
      'a small film around such a codestream',
      () =>
        writeDicom(filmElements({ pixelData: { fragments: [codestream] }, pixelVr: 'OB' }), SYNTAX.jpeg2000),
      'PIXEL_HEADER_MISMATCH',
    ],
    [
      'a million items',
      () =>
        Buffer.concat([
          writeDicom([]),
          Buffer.from('0900100053510000ffffffff', 'hex'),
          Buffer.alloc(8_000_000, 'feff00e000000000', 'hex'),
        ]),
      'TOO_MANY_ITEMS',
    ],
  ];
  it.each(bombs)('is refused in time and memory: %s', async (_, makeBomb, code) => {
    await read(Buffer.alloc(10)); // starts the child
    const before = measureChild();
    const verdict = await read(makeBomb());
    const after = measureChild();
    expect(verdict).toMatchObject({ ok: false, code });
    expect(after.seconds - before.seconds).toBeLessThan(SECONDS_MAX);
    expect(after.megabytes).toBeLessThan(MEGABYTES_MAX);
  });
});
