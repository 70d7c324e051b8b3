import type { DecodedImage } from './decode-pixels.ts';
import type { ImageHeader } from './image-header.ts';
import { invertDct, scaleOf } from './inverse-dct.ts';
import { type EntropyData, type JpegScan, peekBits, readJpegScan } from './jpeg-segments.ts';

/** Of the coefficient k in zigzag order, where it lies in the block (ISO 10918-1 figure A.6). */
const ZIGZAG = Uint8Array.from(
  Array.from({ length: 64 }, (_, i) => i).sort((a, b) => rankInZigzag(a) - rankInZigzag(b)),
);

/** A block takes up to 64 codes of 16 bits, and as many values of 15. */
const BLOCK_BYTES_MAX = 256;

/** Codes of a table (see JpegScan), and for each 12 bits that hold a whole symbol what {@link readSymbol} makes of them; 0 where they don't. */
type Codes = { all: Uint16Array; short: Int32Array };
/** `factors`: divisors in zigzag order, times the scale of the transform. */
type Scan = { dc: Codes; ac: Codes; factors: Float64Array; data: EntropyData };

const SHORT_BITS = 12;
const ZERO_RUN = 15; // of a symbol without a value: 16 zeros; any other ends the block
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
  const factors = Float64Array.from(divisors, (divisor, k) => divisor * scaleOf(ZIGZAG[k]!));
  return { dc: joinSymbols(dc), ac: joinSymbols(ac), factors, data: tables.data };
}

/** Most symbols and their values fit into 12 bits: then one look in a small table tells both. */
function joinSymbols(all: Uint16Array): Codes {
  const short = Int32Array.from({ length: 1 << SHORT_BITS }, (_, bits) => {
    const symbol = readSymbol(all, bits << (32 - SHORT_BITS));
    return (symbol & 0xff) > SHORT_BITS ? 0 : symbol;
  });
  return { all, short };
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
  const { starts, words } = scan.data;
  let reader: Reader = { at: 0, end: 0, dc: 0 };
  for (let i = 0; i < count; i++) {
    if (restartInterval === 0 ? i === 0 : i % restartInterval === 0) {
      const interval = restartInterval === 0 ? 0 : i / restartInterval;
      if (interval + 1 >= starts.length) return null;
      reader = { at: 8 * starts[interval]!, end: 8 * starts[interval + 1]!, dc: 0 };
    }
    if (!readBlock(words, scan, reader, coefficients)) return null;
    invertDct(coefficients, bits, block);
    copyBlock(block, values, 8 * Math.floor(i / across), 8 * (i % across), { rows, columns });
  }
  return values;
}

/** Annex F.2.2: reads one block's coefficients, multiplied by their factors; false when the data ends or holds no code. */
function readBlock(words: Uint32Array, scan: Scan, reader: Reader, coefficients: Float64Array): boolean {
  const { dc, ac, factors } = scan;
  coefficients.fill(0);
  const first = nextSymbol(dc, peekBits(words, reader.at));
  if (first === 0 || (first & 0xff00) !== 0) return false; // the first coefficient has no run
  let at = reader.at + (first & 0xff);
  reader.dc += first >> 16;
  coefficients[0] = reader.dc * factors[0]!;
  for (let k = 1; k < 64; k++) {
    const symbol = nextSymbol(ac, peekBits(words, at));
    if (symbol === 0) return false;
    at += symbol & 0xff;
    const value = symbol >> 16;
    const run = (symbol >> 8) & 0xff;
    if (value === 0 && run !== ZERO_RUN) break; // end of block
    k += run;
    if (value === 0) continue;
    if (k > 63) return false;
    coefficients[ZIGZAG[k]!] = value * factors[k]!;
  }
  reader.at = at;
  return at <= reader.end;
}

function nextSymbol({ all, short }: Codes, window: number): number {
  return short[window >>> (32 - SHORT_BITS)]! || readSymbol(all, window);
}

/**
 * What 32 bits start with: a code and the value after it (annex F.2.2.1, EXTEND), as value·65536 + zeros before it·256 +
 * length in bits; 0 when no code is there.
 */
function readSymbol(codes: Uint16Array, window: number): number {
  const entry = codes[window >>> 16]!;
  const length = entry >> 8;
  const category = entry & 15;
  const zeros = ((entry & 0xff) >> 4) << 8;
  if (category === 0) return zeros | length;
  const rest = window << length;
  const extra = rest >>> (32 - category);
  const value = rest < 0 ? extra : extra - 2 ** category + 1; // the first bit is the sign
  return (value << 16) | zeros | (length + category);
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
