/** What a compressed image says about itself, read before anything is allocated for it. */
export type ImageHeader = {
  /** 'SOF0' … 'SOF15', 'SOF55' (JPEG-LS) or 'SIZ' (JPEG 2000). */
  kind: string;
  rows: number;
  columns: number;
  components: number;
  bits: number;
  signed: boolean;
};

/** Finds the frame header of a JPEG or JPEG-LS stream (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2); null when there is none. */
export function readJpegHeader(stream: Uint8Array): ImageHeader | null {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 10 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return null;
    if (isFrameHeader(marker)) return describeFrame(view, at, marker);
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** C4, C8 and CC lie in the same range but are tables, not frames. F7 is the frame of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  if (marker === 0xf7) return true;
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function describeFrame(view: DataView, at: number, marker: number): ImageHeader {
  return {
    kind: `SOF${marker - 0xc0}`,
    bits: view.getUint8(at + 4),
    rows: view.getUint16(at + 5),
    columns: view.getUint16(at + 7),
    components: view.getUint8(at + 9),
    signed: false,
  };
}

const JP2_SIGNATURE = Buffer.from('0000000c6a5020200d0a870a', 'hex');

/** The codestream of a JP2 file (ISO 15444-1 annex I), which some archives store where a bare one belongs. */
export function unwrapJp2(stream: Uint8Array): Uint8Array {
  if (!JP2_SIGNATURE.equals(stream.subarray(0, JP2_SIGNATURE.length))) return stream;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 0;
  while (at + 8 <= stream.length) {
    const length = view.getUint32(at);
    const isCodestream = view.getUint32(at + 4) === 0x6a703263; // jp2c
    if (isCodestream) return stream.subarray(at + 8, length === 0 ? stream.length : at + length);
    if (length < 8) break; // to the end of the file, or of 64 bits
    at += length;
  }
  return stream;
}

/** Reads the SIZ segment of a JPEG 2000 codestream (ISO 15444-1 A.5.1); null when it does not start with one. */
export function readJpeg2000Header(stream: Uint8Array): ImageHeader | null {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (view.byteLength < 45 || view.getUint32(0) !== 0xff4fff51) return null;
  const depth = view.getUint8(42);
  const [right, bottom, left, top] = [8, 12, 16, 20].map((offset) => view.getUint32(offset));
  const components = view.getUint16(40);
  return {
    kind: areAlike(view, components) ? 'SIZ' : 'SIZ-mixed',
    columns: right! - left!,
    rows: bottom! - top!,
    components,
    bits: (depth & 0x7f) + 1,
    signed: (depth & 0x80) !== 0,
  };
}

/** All components have the depth of the first, and none is subsampled. */
function areAlike(view: DataView, components: number): boolean {
  if (view.byteLength < 42 + 3 * components) return false;
  for (let at = 42; at < 42 + 3 * components; at += 3)
    if (view.getUint8(at) !== view.getUint8(42) || view.getUint16(at + 1) !== 0x0101) return false;
  return true;
}

const END_MARKER = Buffer.from([0xff, 0xd9]);

/**
 * The stream up to its end marker FFD9, without the padding that makes fragments even: toolkits write 00, FF, a space or
 * whatever byte lay there. Null when something else follows, or when there is no such marker: decoders fill what a cut stream lacks with gray.
 */
export function trimPadding(stream: Uint8Array): Uint8Array | null {
  const end = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength).lastIndexOf(END_MARKER) + 2;
  if (end < 2 + END_MARKER.length) return null;
  return isPadding(stream.subarray(end)) ? stream.subarray(0, end) : null;
}

const FILLERS = [0x00, 0xff, 0x20];

/** One byte of anything, then any number of those that toolkits fill with. */
export function isPadding(rest: Uint8Array): boolean {
  return rest.subarray(1).every((byte) => FILLERS.includes(byte));
}

const SCAN_HEADER = 0xda;
/** Spectral selection from 0 to 63 and no approximation: all that a sequential scan can be (ISO 10918-1 table B.3). */
const WHOLE_BAND = [0, 63, 0];

/**
 * A sequential JPEG whose scan says that it holds all coefficients. Some encoders write zeros there, which decoders of sequential
 * JPEG have no use for; ours and libjpeg-turbo would complain. Returns the stream itself where it says so already.
 */
export function stateWholeBand(stream: Uint8Array): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 2;
  while (at + 4 <= stream.length && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== SCAN_HEADER)
    at += view.getUint8(at + 1) === 0xff ? 1 : 2 + view.getUint16(at + 2);
  if (at + 4 > stream.length || view.getUint8(at) !== 0xff) return stream;
  const band = at + 2 + view.getUint16(at + 2) - WHOLE_BAND.length;
  if (band < at + 4 || band + WHOLE_BAND.length > stream.length) return stream;
  if (WHOLE_BAND.every((byte, i) => stream[band + i] === byte)) return stream;
  const stated = Uint8Array.from(stream);
  stated.set(WHOLE_BAND, band);
  return stated;
}

const MAIN_HEADER_END = 0xff90; // SOT, which starts the first tile-part
const END_OF_CODESTREAM = 0xffd9;

/**
 * True when the tile-parts of a JPEG 2000 codestream have the lengths that they state and the end marker follows (ISO
 * 15444-1 A.4.2): the decoders fill in what a cut stream lacks, one of them without a word.
 */
export function hasWholeTileParts(stream: Uint8Array): boolean {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 2;
  while (at + 4 <= stream.length && view.getUint16(at) !== MAIN_HEADER_END) at += 2 + view.getUint16(at + 2);
  while (at + 12 <= stream.length && view.getUint16(at) === MAIN_HEADER_END) {
    const length = view.getUint32(at + 6);
    if (length === 0) return true; // up to the end marker
    if (length < 12) return false;
    at += length;
  }
  return at + 2 <= stream.length && view.getUint16(at) === END_OF_CODESTREAM;
}
