import { Decoder } from 'jpeg-lossless-decoder-js';
import type { DecodedImage } from './wasm-codecs.ts';

/**
 * Decodes JPEG process 14 (.57, .70) of one component; null when the stream is damaged or uses a point transform, which
 * the decoder would ignore.
 */
export function decodeJpegLossless(stream: Uint8Array): DecodedImage | null {
  const decoder = new Decoder();
  try {
    // The decoder counts offsets from the start of the buffer, so it gets a buffer of its own.
    const samples = decoder.decode(stream.slice().buffer, 0, stream.length);
    const whole = decoder.yLoc === decoder.yDim && decoder.xLoc === 0;
    if (!samples || !whole || decoder.numComp !== 1 || decoder.scan.al !== 0) return null;
    return {
      rows: decoder.yDim,
      columns: decoder.xDim,
      components: 1,
      bits: decoder.frame.precision,
      samples: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    };
  } catch {
    return null; // it throws on damage of any kind
  }
}
