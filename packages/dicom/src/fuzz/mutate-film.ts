import { deflateRawSync } from 'node:zlib';
import { createStream } from '../phantom/random.ts';
import type { SeedFilm } from './seed-films.ts';

export type Mutation = { seedFilm: string; kinds: string[]; bytes: Buffer };

/** A film that is being changed, and numbers to choose by. */
type Draft = { bytes: Buffer; film: SeedFilm; films: readonly SeedFilm[]; below: (limit: number) => number };

const EXTREMES = [
  0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const VRS =
  'AE AS CS DA DS DT FD FL IS LO OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV ZZ'.split(
    ' ',
  );
const SYNTAXES = [
  ...['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99'],
  ...['5', '4.50', '4.51', '4.57', '4.70', '4.80', '4.81', '4.90', '4.91', '4.201', '4.203', '4.100'].map(
    (end) => `1.2.840.10008.1.2.${end}`,
  ),
];
/** Tags that decide about memory and time, and those that structure a file. */
const TAGS = [
  ...[0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102],
  ...[0x00280103, 0x00281053, 0x00283002, 0x00283010, 0x7fe00010, 0xfffee000, 0xfffee00d, 0xfffee0dd],
];

/** Each changes the draft in one way. Offsets are drawn from the data set more often than from the file's head. */
const KINDS: Record<string, (draft: Draft) => Buffer> = {
  'flip bits': ({ bytes, film, below }) => {
    for (let i = 0; i <= below(8); i++) bytes[place(bytes, film, below)]! ^= 1 << below(8);
    return bytes;
  },
  'set bytes': ({ bytes, film, below }) => {
    const at = place(bytes, film, below);
    return bytes.fill([0, 0xff, 0x20, below(256)][below(4)]!, at, Math.min(at + 1 + below(16), bytes.length));
  },
  truncate: ({ bytes, below }) => bytes.subarray(0, below(bytes.length)),
  splice: ({ bytes, film, films, below }) => {
    const other = films[below(films.length)]!;
    return Buffer.concat([
      bytes.subarray(0, place(bytes, film, below)),
      other.bytes.subarray(place(other.bytes, other, below)),
    ]);
  },
  insert: ({ bytes, film, below }) => {
    const at = place(bytes, film, below);
    const from = place(bytes, film, below);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + below(64)), bytes.subarray(at)]);
  },
  remove: ({ bytes, film, below }) => {
    const at = place(bytes, film, below);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(64))]);
  },
  'extreme number': ({ bytes, film, below }) => {
    const at = headerOf(bytes, film, below) + [4, 6, 8, 12][below(4)]!;
    return writeNumber(bytes, at, EXTREMES[below(EXTREMES.length)]!, below(2) === 0 ? 2 : 4, film.bigEndian);
  },
  'other tag': ({ bytes, film, below }) => {
    const [tag, at] = [TAGS[below(TAGS.length)]!, headerOf(bytes, film, below)];
    writeNumber(bytes, at, tag >>> 16, 2, film.bigEndian);
    return writeNumber(bytes, at + 2, tag & 0xffff, 2, film.bigEndian);
  },
  'other vr': ({ bytes, film, below }) => {
    const [vr, at] = [VRS[below(VRS.length)]!, headerOf(bytes, film, below) + 4];
    for (const [i, letter] of [...vr].entries()) writeByte(bytes, at + i, letter.charCodeAt(0));
    return bytes;
  },
  'other transfer syntax': ({ bytes, below }) => {
    const at = bytes.indexOf('1.2.840.10008.1.2', 132, 'latin1');
    const end = bytes.indexOf(Buffer.from([2, 0]), at); // the next element of the meta information
    if (at < 0 || end < 0) return bytes;
    bytes.fill(0, at, end);
    bytes.write(SYNTAXES[below(SYNTAXES.length)]!.slice(0, end - at), at, 'latin1');
    return bytes;
  },
  'damage codec header': ({ bytes, below }) => damage(bytes, findPixels(bytes), 200, below),
  'damage stream': ({ bytes, below }) => damage(bytes, findPixels(bytes), bytes.length, below),
};
/** Half of the films stay readable up to their pixels: these two leave everything else whole. */
const NAMES = [
  ...Object.keys(KINDS),
  ...Array.from({ length: 6 }, () => ['damage codec header', 'damage stream']).flat(),
];

/** Mutation `number` of `seed`: the same bytes each time, on each machine. Up to three changes of one seed film. */
export function mutateFilm(films: readonly SeedFilm[], seed: number, number: number): Mutation {
  const next = createStream(`fuzz/${seed}/${number}`);
  const below = (limit: number) => Math.floor(next() * limit);
  const film = films[number % films.length]!;
  const kinds = Array.from({ length: [1, 1, 1, 2, 3][below(5)]! }, () => NAMES[below(NAMES.length)]!);
  let bytes: Buffer = Buffer.from(film.bytes);
  for (const kind of kinds)
    if (bytes.length > film.dataset) bytes = KINDS[kind]!({ bytes, film, films, below });
  return { seedFilm: film.name, kinds, bytes: film.isDeflated ? deflate(bytes, film) : bytes };
}

function deflate(bytes: Buffer, { dataset }: SeedFilm): Buffer {
  return Buffer.concat([bytes.subarray(0, dataset), deflateRawSync(bytes.subarray(dataset), { level: 1 })]);
}

/** Anywhere, but half of the time among the first elements: pixels are most of the bytes and the least of the structure. */
function place(bytes: Buffer, { dataset }: SeedFilm, below: (limit: number) => number): number {
  const from = below(8) === 0 ? 0 : dataset;
  const room = Math.max(bytes.length - from, 1);
  return from + below(below(2) === 0 ? Math.min(room, 1_200) : room);
}

/** Near the head of an element: the tag of a film that stands somewhere in the bytes, or any even place. */
function headerOf(bytes: Buffer, film: SeedFilm, below: (limit: number) => number): number {
  const tag = TAGS[below(TAGS.length)]!;
  const pattern = Buffer.alloc(4);
  writeNumber(pattern, 0, tag >>> 16, 2, film.bigEndian);
  writeNumber(pattern, 2, tag & 0xffff, 2, film.bigEndian);
  const found = bytes.indexOf(pattern, film.dataset);
  return found >= 0 ? found : 2 * Math.floor(place(bytes, film, below) / 2);
}

/** Behind the header of the last pixel data element. */
function findPixels(bytes: Buffer): number {
  const little = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0]));
  return Math.max(little, 0) + 12;
}

/** Changes a few bytes that lie close to each other in the first `reach` bytes from `from`. */
function damage(bytes: Buffer, from: number, reach: number, below: (limit: number) => number): Buffer {
  const at = from + below(Math.max(Math.min(reach, bytes.length - from), 1));
  for (let i = 0; i <= below(4); i++) writeByte(bytes, at + below(8), [0, 0xff, below(256)][below(3)]!);
  return bytes;
}

function writeNumber(bytes: Buffer, at: number, value: number, size: 2 | 4, bigEndian: boolean): Buffer {
  for (let i = 0; i < size; i++)
    writeByte(bytes, at + i, (value >>> (8 * (bigEndian ? size - 1 - i : i))) & 0xff);
  return bytes;
}

function writeByte(bytes: Buffer, at: number, value: number): void {
  if (at < bytes.length) bytes[at] = value;
}
