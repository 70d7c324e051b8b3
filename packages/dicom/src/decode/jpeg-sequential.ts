import type { DecodedImage } from './decode-pixels.ts';
import type { ImageHeader } from './image-header.ts';
import { invertDct } from './inverse-dct.ts';
import { type EntropyData, type JpegScan, readJpegScan } from './jpeg-segments.ts';

/** Of the coefficient k in zigzag order, where it lies in the block (ISO 10918-1 figure A.6). */
const ZIGZAG = Uint8Array.from(
  Array.from({ length: 64 }, (_, i) => i).sort((a, b) => rankInZigzag(a) - rankInZigzag(b)),
);

/** A block takes up to 64 codes of 16 bits, and as many values of 15. */
const BLOCK_BYTES_MAX = 256;

type Scan = { dc: Uint16Array; ac: Uint16Array; divisors: Uint16Array; data: EntropyData };
/** A place in the data, in bits, and the DC value that the next block adds to. */
type Reader = { at: number; end: number; dc: number };

/**
 * Decodes one component of sequential JPEG, 8 or 12 bits (process 2 and 4, .51): ISO 10918-1 annexes A, F.2. Written
 * here because no WebAssembly codec at hand knows 12 bits.
 *
 * @param header the stream's own frame header, already compared with what the film promises
 * @returns null when the stream breaks a rule or ends early
 */
export function decodeJpegSequential(stream: Uint8Array, header: ImageHeader): DecodedImage | null {
  const blocks = Math.ceil(header.rows / 8) * Math.ceil(header.columns / 8);
  const segments = readJpegScan(stream, { margin: BLOCK_BYTES_MAX, intervalsMax: blocks });
  const scan = segments && describeScan(segments);
  if (!scan) return null;
  const { rows, columns, bits } = header;
  const values = decodeBlocks(scan, segments.restartInterval, header);
  if (!values) return null;
  const samples = bits > 8 ? new Uint8Array(values.buffer) : Uint8Array.from(values);
  return { rows, columns, components: 1, bits, samples };
}

/** A single component's blocks lie one after the other whatever its sampling factors say (annex A.2.2). */
function describeScan({ frame, parameters, ...tables }: JpegScan): Scan | null {
  const [components, , selector = 0, first, last, approximation] = parameters;
  const dc = tables.dcCodes.get(selector >> 4);
  const ac = tables.acCodes.get(selector & 15);
  const divisors = tables.quantisation.get(frame[8]!);
  const isSequential = first === 0 && last === 63 && approximation === 0;
  if (parameters.length !== 6 || components !== 1 || !isSequential || !dc || !ac || !divisors) return null;
  return { dc, ac, divisors, data: tables.data };
}

function decodeBlocks(
  scan: Scan,
  restartInterval: number,
  { rows, columns, bits }: ImageHeader,
): Uint16Array | null {
  const across = Math.ceil(columns / 8);
  const count = across * Math.ceil(rows / 8);
  const values = new Uint16Array(rows * columns);
  const coefficients = new Float64Array(64);
  const block = new Uint16Array(64);
  const { starts, view } = scan.data;
  let reader: Reader = { at: 0, end: 0, dc: 0 };
  for (let i = 0; i < count; i++) {
    if (restartInterval === 0 ? i === 0 : i % restartInterval === 0) {
      const interval = restartInterval === 0 ? 0 : i / restartInterval;
      if (interval + 1 >= starts.length) return null;
      reader = { at: 8 * starts[interval]!, end: 8 * starts[interval + 1]!, dc: 0 };
    }
    if (!readBlock(view, scan, reader, coefficients)) return null;
    invertDct(coefficients, bits, block);
    copyBlock(block, values, 8 * Math.floor(i / across), 8 * (i % across), { rows, columns });
  }
  return values;
}

/** Annex F.2.2: reads one block's coefficients, multiplied by their divisors; false when the data ends or holds no code. */
function readBlock(view: DataView, scan: Scan, reader: Reader, coefficients: Float64Array): boolean {
  const { dc, ac, divisors } = scan;
  coefficients.fill(0);
  let at = reader.at;
  for (let k = 0; k < 64; k++) {
    const window = view.getUint32(at >> 3) << (at & 7);
    const entry = (k === 0 ? dc : ac)[window >>> 16]!;
    if (entry === 0) return false;
    at += entry >> 8;
    const category = entry & 15;
    const run = (entry & 0xff) >> 4;
    if (category === 0 && k > 0) {
      if (run !== 15) break; // end of block
      k += 15;
      continue;
    }
    if (k === 0 && run > 0) return false;
    if (k > 0) k += run;
    if (k > 63) return false;
    const value = extend(view, at, category);
    at += category;
    if (k === 0) reader.dc += value;
    coefficients[ZIGZAG[k]!] = (k === 0 ? reader.dc : value) * divisors[k]!;
  }
  reader.at = at;
  return at <= reader.end;
}

/** Annex F.2.2.1: the `category` bits at a bit position as a value with its sign. */
function extend(view: DataView, at: number, category: number): number {
  if (category === 0) return 0;
  const extra = (view.getUint32(at >> 3) << (at & 7)) >>> (32 - category);
  return extra < 2 ** (category - 1) ? extra - 2 ** category + 1 : extra;
}

/** What passes the right or lower edge was added by the encoder. */
function copyBlock(
  block: Uint16Array,
  values: Uint16Array,
  top: number,
  left: number,
  { rows, columns }: { rows: number; columns: number },
): void {
  const width = Math.min(8, columns - left);
  for (let y = 0; y < 8 && top + y < rows; y++) {
    const to = (top + y) * columns + left;
    for (let x = 0; x < width; x++) values[to + x] = block[8 * y + x]!;
  }
}

/** Diagonals from the top left corner, every second one upwards. */
function rankInZigzag(i: number): number {
  const [x, y] = [i % 8, i >> 3];
  return (x + y) * 8 + ((x + y) % 2 ? y : x);
}
