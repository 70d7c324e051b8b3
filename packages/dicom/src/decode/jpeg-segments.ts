/** What stands before the entropy-coded data of the one scan of a JPEG stream (ISO 10918-1 annex B). */
export type JpegScan = {
  /** By table id: for each 16 bits that may come next, length·256 + symbol of the code they start with; 0 for none. */
  dcCodes: Map<number, Uint16Array>;
  acCodes: Map<number, Uint16Array>;
  /** By table id, 64 divisors in zigzag order. */
  quantisation: Map<number, Uint16Array>;
  /** MCUs between restart markers; 0 for none. */
  restartInterval: number;
  /** Parameters of the frame header and of the scan header. */
  frame: Uint8Array;
  parameters: Uint8Array;
  data: EntropyData;
};

/**
 * Entropy-coded data without its stuffing, 32 bits a word, the first bit highest. Interval i lies from byte `starts[i]` to
 * `starts[i + 1]`; zeros follow the last.
 */
export type EntropyData = { words: Uint32Array; starts: number[] };

/** The 32 bits from a bit position on: the longest code and its value fit into 31. */
export function peekBits(words: Uint32Array, at: number): number {
  const word = at >>> 5;
  const bit = at & 31;
  return (words[word]! << bit) | ((words[word + 1]! >>> 1) >>> (31 - bit)); // a shift by 32 would be none
}

type ScanLimits = {
  /** Bytes that may be read past the end. */
  margin: number;
  /** More would be restart markers without data between them. */
  intervalsMax: number;
};

/** Reads all segments up to the only scan; null when one is broken. */
export function readJpegScan(stream: Uint8Array, limits: ScanLimits): JpegScan | null {
  const tables = { dcCodes: new Map(), acCodes: new Map(), quantisation: new Map(), restartInterval: 0 };
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let frame = new Uint8Array();
  let at = 2;
  while (at + 4 <= stream.length && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (end > stream.length) return null;
    const segment = stream.subarray(at + 4, end);
    if (marker === 0xc4 && !readHuffmanTables(segment, tables)) return null;
    if (marker === 0xdb && !readQuantisation(segment, tables.quantisation)) return null;
    if (marker === 0xdd) tables.restartInterval = view.getUint16(at + 4);
    if (marker === 0xda)
      return { ...tables, frame, parameters: segment, data: removeStuffing(stream, end, limits) };
    if (marker >= 0xc0 && marker <= 0xc3) frame = segment.slice();
    at = end;
  }
  return null;
}

/** Annex B.2.4.2 and C.2: code counts by length, then the symbol of each code. */
function readHuffmanTables(segment: Uint8Array, tables: Pick<JpegScan, 'dcCodes' | 'acCodes'>): boolean {
  let at = 0;
  while (at + 17 <= segment.length) {
    const id = segment[at]!;
    const codes = new Uint16Array(65536);
    let next = at + 17;
    let code = 0; // left-aligned in 16 bits
    for (let length = 1; length <= 16; length++) {
      for (let i = segment[at + length]!; i > 0; i--) {
        const span = 1 << (16 - length);
        const symbol = segment[next++];
        if (symbol === undefined || code + span > 65536) return false;
        codes.fill((length << 8) | symbol, code, code + span);
        code += span;
      }
    }
    (id < 16 ? tables.dcCodes : tables.acCodes).set(id & 15, codes);
    at = next;
  }
  return at === segment.length;
}

/** Annex B.2.4.1: precision and id, then 64 divisors of 8 or 16 bits. */
function readQuantisation(segment: Uint8Array, tables: Map<number, Uint16Array>): boolean {
  let at = 0;
  while (at < segment.length) {
    const bytes = segment[at]! >> 4 === 0 ? 1 : 2;
    const values = segment.subarray(at + 1, at + 1 + 64 * bytes);
    if (values.length !== 64 * bytes) return false;
    const divisor = (_: unknown, i: number) =>
      bytes === 1 ? values[i]! : values[2 * i]! * 256 + values[2 * i + 1]!;
    tables.set(segment[at]! & 15, Uint16Array.from({ length: 64 }, divisor));
    at += 1 + 64 * bytes;
  }
  return true;
}

/** Copies what lies between the bytes FF: 00 after one is stuffing, RSTn starts an interval, anything else is the end. */
function removeStuffing(
  stream: Uint8Array,
  start: number,
  { margin, intervalsMax }: ScanLimits,
): EntropyData {
  const source = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  const bytes = Buffer.alloc(4 * Math.ceil((stream.length - start + margin) / 4 + 1));
  const starts = [0];
  let [from, to] = [start, 0];
  for (;;) {
    const found = source.indexOf(0xff, from);
    const end = found < 0 ? stream.length : found;
    bytes.set(source.subarray(from, end), to);
    to += end - from;
    const next = found < 0 ? undefined : source[found + 1];
    if (next === 0) bytes[to++] = 0xff;
    else if (isRestart(next) && starts.length < intervalsMax) starts.push(to);
    else break;
    from = found + 2;
  }
  starts.push(to);
  bytes.swap32(); // every platform that Node 20 runs on stores words little endian
  return { words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), starts };
}

function isRestart(marker: number | undefined): boolean {
  return marker !== undefined && marker >= 0xd0 && marker <= 0xd7;
}
