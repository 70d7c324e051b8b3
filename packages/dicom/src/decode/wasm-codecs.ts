import { createRequire } from 'node:module';
import type { DecodedImage } from './decode-pixels.ts';

/** The classes that the WebAssembly codecs of cornerstone share. */
type WasmDecoder = {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): WasmFrame;
  getDecodedBuffer(): Uint8Array;
  delete(): void;
};
type WasmFrame = { width: number; height: number; bitsPerSample: number; componentCount: number };
type WasmModule = Record<string, new () => WasmDecoder>;
type WasmFactory = (options: {
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<WasmModule>;

const CODECS = {
  jpeg: { path: '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs', decoder: 'JPEGDecoder' },
  'jpeg-ls': { path: '@cornerstonejs/codec-charls/decodewasmjs', decoder: 'JpegLSDecoder' },
  'jpeg-2000': { path: '@cornerstonejs/codec-openjpeg/decodewasmjs', decoder: 'J2KDecoder' },
} as const;

export type WasmCodec = keyof typeof CODECS;

type Instance = { wasm: WasmModule; lines: string[] };

/**
 * Instances by codec, kept because making one takes 2–40 ms and reserves gigabytes of address space that only garbage
 * collection gives back. They hold no film, and one is dropped after a failure, when its memory is in doubt.
 */
const instances = new Map<WasmCodec, Promise<Instance>>();

/** Decodes a whole stream inside WebAssembly's sandbox; null when the codec fails or complains. */
export async function decodeInWasm(codec: WasmCodec, stream: Uint8Array): Promise<DecodedImage | null> {
  const pending = instances.get(codec) ?? instantiate(codec);
  instances.set(codec, pending);
  const { wasm, lines } = await pending;
  lines.length = 0; // nothing else runs between here and the check below
  try {
    const image = runDecoder(new wasm[CODECS[codec].decoder]!(), stream);
    if (!lines.some((line) => /error|warning/i.test(line))) return image;
  } catch {
    // Every fault of a codec, a C++ exception as well as running out of its memory, means one thing: not decodable.
  }
  instances.delete(codec);
  return null;
}

/** The codecs print to the console unless told otherwise; openjpeg reports damage only there. */
async function instantiate(codec: WasmCodec): Promise<Instance> {
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
  };
  const factory = createRequire(import.meta.url)(CODECS[codec].path) as WasmFactory;
  return { wasm: await factory({ print: note, printErr: note }), lines };
}

function runDecoder(decoder: WasmDecoder, stream: Uint8Array): DecodedImage {
  try {
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    const samples = decoder.getDecodedBuffer().slice(); // the original lies in the codec's own memory
    return { rows: height, columns: width, components: componentCount, bits: bitsPerSample, samples };
  } finally {
    decoder.delete();
  }
}
