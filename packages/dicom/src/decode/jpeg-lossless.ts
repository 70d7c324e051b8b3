import type { DecodedImage } from './decode-pixels.ts';
import type { ImageHeader } from './image-header.ts';

type Tables = {
  /** By table id: for each 16 bits that may come next, length·256 + category of the code they start with; 0 for none. */
  codes: Map<number, Uint16Array>;
  restartInterval: number;
};

type Scan = {
  codes: Uint16Array;
  predictor: number;
  pointTransform: number;
  /** Rows between restart markers. */
  restartRows: number;
  /** Where the entropy-coded data starts. */
  at: number;
};

/**
 * Decodes one component of JPEG process 14 (.57, .70): ISO 10918-1 annexes C, F.2.2 and H. Written here because the
 * JavaScript decoder at hand loses last pixels and gets predictor 7 wrong at 16 bits, both in silence.
 *
 * @param header the stream's own frame header, already compared with what the film promises
 * @returns null when the stream breaks a rule or ends early
 */
export function decodeJpegLossless(stream: Uint8Array, header: ImageHeader): DecodedImage | null {
  const scan = readScan(stream, header);
  if (!scan) return null;
  const { rows, columns, bits } = header;
  const values = new Uint16Array(rows * columns);
  let at = scan.at;
  for (let row = 0; row < rows; row += scan.restartRows) {
    const segment = readSegment(stream, at);
    const count = Math.min(scan.restartRows, rows - row);
    if (
      !decodeSegment(
        segment.bytes,
        values.subarray(row * columns, (row + count) * columns),
        columns,
        bits,
        scan,
      )
    )
      return null;
    at = segment.next;
  }
  const shifted = scan.pointTransform === 0 ? values : values.map((value) => value << scan.pointTransform);
  const samples = bits > 8 ? new Uint8Array(shifted.buffer) : Uint8Array.from(shifted);
  return { rows, columns, components: 1, bits, samples };
}

/** Reads tables up to the only scan. */
function readScan(stream: Uint8Array, header: ImageHeader): Scan | null {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const tables: Tables = { codes: new Map(), restartInterval: 0 };
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
    if (marker === 0xdd) tables.restartInterval = view.getUint16(at + 4);
    if (marker === 0xda) return describeScan(segment, tables, header, end);
    at = end;
  }
  return null;
}

/** Annex B.2.3: the predictor takes the place of the start of the spectral selection. */
function describeScan(segment: Uint8Array, tables: Tables, header: ImageHeader, at: number): Scan | null {
  const [components, , selector = 0, predictor = 0, , approximation = 0] = segment;
  const codes = tables.codes.get(selector >> 4);
  const interval = tables.restartInterval;
  const isValid = segment.length === 6 && components === 1 && predictor >= 1 && predictor <= 7;
  if (!isValid || !codes || interval % header.columns !== 0) return null;
  const restartRows = interval === 0 ? header.rows : interval / header.columns;
  const pointTransform = approximation & 15;
  return pointTransform < header.bits ? { codes, predictor, pointTransform, restartRows, at } : null;
}

/** Annex B.2.4.2 and C.2: code counts by length, then the category of each code. */
function readHuffmanTables(segment: Uint8Array, tables: Tables): boolean {
  let at = 0;
  while (at + 17 <= segment.length) {
    const id = segment[at]!;
    const codes = new Uint16Array(65536);
    let next = at + 17;
    let code = 0; // left-aligned in 16 bits
    for (let length = 1; length <= 16; length++) {
      for (let i = segment[at + length]!; i > 0; i--) {
        const span = 1 << (16 - length);
        const category = segment[next++];
        if (category === undefined || code + span > 65536) return false;
        codes.fill((length << 8) | category, code, code + span);
        code += span;
      }
    }
    if (id < 4) tables.codes.set(id, codes); // 16 and above are for AC, which lossless does not have
    at = next;
  }
  return at === segment.length;
}

/** Takes the stuffing out of the entropy-coded data up to the next marker, and skips that marker. */
function readSegment(stream: Uint8Array, start: number): { bytes: Uint8Array; next: number } {
  const bytes = new Uint8Array(stream.length - start);
  let length = 0;
  let at = start;
  for (; at < stream.length; at++) {
    const byte = stream[at]!;
    if (byte === 0xff) {
      if (stream[at + 1] !== 0) break;
      at++;
    }
    bytes[length++] = byte;
  }
  return { bytes: bytes.subarray(0, length), next: at + 2 };
}

/** Fills `values` (whole rows) from one restart interval; false when the data runs out or holds no code. */
function decodeSegment(
  bytes: Uint8Array,
  values: Uint16Array,
  columns: number,
  bits: number,
  { codes, predictor, pointTransform }: Scan,
): boolean {
  let [pool, pooled, at] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    // A code and its extra bits take at most 16 each: two fills, because the pool has 32.
    for (; pooled < 16; pooled += 8) pool = (pool << 8) | (bytes[at++] ?? 0xff);
    const entry = codes[(pool >>> (pooled - 16)) & 0xffff]!;
    if (entry === 0) return false;
    pooled -= entry >> 8;
    const category = entry & 0xff;
    if (category > 16) return false;
    let difference = category === 16 ? 32768 : 0;
    if (category > 0 && category < 16) {
      for (; pooled < 16; pooled += 8) pool = (pool << 8) | (bytes[at++] ?? 0xff);
      pooled -= category;
      const extra = (pool >>> pooled) & (2 ** category - 1);
      difference = extra < 2 ** (category - 1) ? extra - 2 ** category + 1 : extra; // annex F.2.2.1, EXTEND
    }
    const start = 2 ** (bits - pointTransform - 1);
    values[i] = predict(values, i, columns, predictor, start) + difference; // modulo 65536, as H.2.1 wants
  }
  return 8 * at - pooled <= 8 * bytes.length;
}

/** Table H.1; the first row of an interval predicts from the left, the first column from above. */
function predict(values: Uint16Array, i: number, columns: number, predictor: number, start: number): number {
  if (i < columns) return i === 0 ? start : values[i - 1]!;
  const above = values[i - columns]!;
  if (i % columns === 0) return above;
  const left = values[i - 1]!;
  if (predictor === 1) return left;
  if (predictor === 2) return above;
  const corner = values[i - columns - 1]!;
  if (predictor === 3) return corner;
  if (predictor === 4) return left + above - corner;
  if (predictor === 5) return left + ((above - corner) >> 1);
  return predictor === 6 ? above + ((left - corner) >> 1) : (left + above) >> 1;
}
