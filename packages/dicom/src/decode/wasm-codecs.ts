import type { DecodedImage } from './decode-pixels.ts';

export type WasmCodec = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

type Print = { print(line: string): void; printErr(line: string): void };
type Instance = { createDecoder(): WasmDecoder; lines: string[] };

const LOADERS: Record<WasmCodec, (print: Print) => Promise<() => WasmDecoder>> = {
  jpeg: async (print) => {
    const { JPEGDecoder } = await (
      await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')
    ).default(print);
    return () => new JPEGDecoder();
  },
  'jpeg-ls': async (print) => {
    const { JpegLSDecoder } = await (await import('@cornerstonejs/codec-charls/decodewasmjs')).default(print);
    return () => new JpegLSDecoder();
  },
  'jpeg-2000': async (print) => {
    const { J2KDecoder } = await (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default(print);
    return () => new J2KDecoder();
  },
  htj2k: async (print) => {
    const { HTJ2KDecoder } = await (await import('@cornerstonejs/codec-openjph')).default(print);
    return () => new HTJ2KDecoder();
  },
};

/**
 * Instances by codec, kept because making one takes 2–40 ms and reserves gigabytes of address space that only garbage
 * collection gives back. They hold no film, and one is dropped after a failure, when its memory is in doubt.
 */
const instances = new Map<WasmCodec, Promise<Instance>>();

/** Decodes a whole stream inside WebAssembly's sandbox; null when the codec fails or complains. */
export async function decodeInWasm(codec: WasmCodec, stream: Uint8Array): Promise<DecodedImage | null> {
  const pending = instances.get(codec) ?? instantiate(codec);
  instances.set(codec, pending);
  const { createDecoder, lines } = await pending;
  lines.length = 0; // nothing else runs between here and the check below
  try {
    const image = runDecoder(createDecoder(), stream);
    if (!lines.some((line) => /error|warning/i.test(line))) return image;
  } catch {
    // Every fault of a codec, a C++ exception as well as running out of its memory, means one thing: not decodable.
  }
  instances.delete(codec);
  return null;
}

/** Makes an instance of every codec ahead of the first film that needs it. */
export async function loadCodecs(): Promise<void> {
  for (const codec of Object.keys(LOADERS) as WasmCodec[]) instances.set(codec, instantiate(codec));
  await Promise.all(instances.values());
}

/** The codecs print to the console unless told otherwise; openjpeg reports damage only there. */
async function instantiate(codec: WasmCodec): Promise<Instance> {
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
  };
  return { createDecoder: await LOADERS[codec]({ print: note, printErr: note }), lines };
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
