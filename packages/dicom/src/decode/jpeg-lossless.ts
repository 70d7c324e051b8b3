import type { DecodedImage } from './decode-pixels.ts';
import type { ImageHeader } from './image-header.ts';
import { type EntropyData, type JpegScan, peekBits, readJpegScan } from './jpeg-segments.ts';

type Scan = {
  /** See JpegScan. */
  codes: Uint16Array;
  /** For each 12 bits that hold a whole difference: difference·256 + its length in bits; 0 where they don't. */
  shortCodes: Int32Array;
  predictor: number;
  /** What the first sample of an interval is predicted to be. */
  start: number;
  columns: number;
  data: EntropyData;
};

const SHORT_BITS = 12;
/** Longest code and difference together, in bytes. */
const SAMPLE_BYTES_MAX = 4;

/**
 * Decodes one component of JPEG process 14 (.57, .70): ISO 10918-1 annexes C, F.2.2 and H. Written here because the
 * JavaScript decoder at hand loses last pixels and gets predictor 7 wrong at 16 bits, both in silence.
 *
 * @param header the stream's own frame header, already compared with what the film promises
 * @returns null when the stream breaks a rule or ends early
 */
export function decodeJpegLossless(stream: Uint8Array, header: ImageHeader): DecodedImage | null {
  const { rows, columns, bits } = header;
  const segments = readJpegScan(stream, { margin: SAMPLE_BYTES_MAX * (columns + 1), intervalsMax: rows });
  if (!segments) return null;
  // Annex B.2.3: the predictor takes the place of the start of the spectral selection.
  const [components, , selector = 0, predictor = 0, , approximation = 0] = segments.parameters;
  const codes = segments.dcCodes.get(selector >> 4);
  const shift = approximation & 15;
  const isValid = segments.parameters.length === 6 && components === 1 && predictor >= 1 && predictor <= 7;
  if (!isValid || !codes || shift >= bits || segments.restartInterval % columns !== 0) return null;
  const scan = { codes, shortCodes: joinDifferences(codes), predictor, columns, data: segments.data };
  const values = decodeIntervals(segments, { ...scan, start: 2 ** (bits - shift - 1) }, rows);
  if (!values) return null;
  const shifted = shift === 0 ? values : values.map((value) => value << shift);
  const samples = bits > 8 ? new Uint8Array(shifted.buffer) : Uint8Array.from(shifted);
  return { rows, columns, components: 1, bits, samples };
}

/** Most differences and their codes fit into 12 bits: then one look tells both. */
function joinDifferences(codes: Uint16Array): Int32Array {
  return Int32Array.from({ length: 1 << SHORT_BITS }, (_, bits) => {
    const joined = readDifference(codes, bits << (32 - SHORT_BITS));
    return (joined & 0xff) > SHORT_BITS ? 0 : joined;
  });
}

function decodeIntervals({ restartInterval }: JpegScan, scan: Scan, rows: number): Uint16Array | null {
  const { columns, data } = scan;
  const restartRows = restartInterval === 0 ? rows : restartInterval / columns;
  if (data.starts.length - 1 < Math.ceil(rows / restartRows)) return null;
  const values = new Uint16Array(rows * columns);
  for (let row = 0, interval = 0; row < rows; row += restartRows, interval++) {
    const end = Math.min(row + restartRows, rows) * columns;
    if (!decodeInterval(values.subarray(row * columns, end), scan, interval)) return null;
  }
  return values;
}

/** Fills `values` (whole rows) from one interval; false when the data runs out or holds no code. Table H.1 names the neighbours. */
function decodeInterval(values: Uint16Array, scan: Scan, interval: number): boolean {
  const { codes, shortCodes, predictor, columns, data } = scan;
  const { words } = data;
  const end = 8 * data.starts[interval + 1]!;
  let at = 8 * data.starts[interval]!; // in bits
  for (let row = 0; row < values.length; row += columns) {
    // The first row is predicted from the left, the first column from above.
    let left = row === 0 ? scan.start : values[row - columns]!;
    const usual = row === 0 ? 1 : predictor;
    for (let i = row; i < row + columns; i++) {
      const window = peekBits(words, at);
      const joined = shortCodes[window >>> (32 - SHORT_BITS)]! || readDifference(codes, window);
      if (joined === 0) return false;
      at += joined & 0xff;
      const isPlain = usual === 1 || i === row;
      const prediction = isPlain
        ? left
        : predict(usual, left, values[i - columns]!, values[i - columns - 1]!);
      left = (prediction + (joined >> 8)) & 0xffff; // modulo 65536, as H.2.1 wants
      values[i] = left;
    }
    if (at > end) return false;
  }
  return true;
}

/** The difference that 32 bits start with (annex F.2.2.1, EXTEND) times 256, plus its length; 0 when no code is there. */
function readDifference(codes: Uint16Array, window: number): number {
  const entry = codes[window >>> 16]!;
  const category = entry & 0xff;
  const length = entry >> 8;
  if (category === 0) return length;
  if (category === 16) return 32768 * 256 + length;
  if (category > 16) return 0;
  const extra = (window << length) >>> (32 - category);
  const difference = extra < 2 ** (category - 1) ? extra - 2 ** category + 1 : extra;
  return difference * 256 + length + category;
}

function predict(predictor: number, left: number, above: number, corner: number): number {
  if (predictor === 2) return above;
  if (predictor === 3) return corner;
  if (predictor === 4) return left + above - corner;
  if (predictor === 5) return left + ((above - corner) >> 1);
  return predictor === 6 ? above + ((left - corner) >> 1) : (left + above) >> 1;
}
