/**
 * Decodes one RLE frame (PS3.5 annex G): one PackBits segment per byte of each sample, sample by sample, the most
 * significant byte first.
 *
 * @returns `count` pixels of `samples` samples of `bytes` bytes, interleaved, little endian, or null when the frame is
 * not exactly that
 */
export function decodeRle(frame: Uint8Array, count: number, samples: 1 | 3, bytes: 1 | 2): Uint8Array | null {
  if (frame.length < 64) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = samples * bytes;
  if (view.getUint32(0, true) !== segments) return null;
  const pixels = new Uint8Array(count * segments);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : frame.length;
    if (start < 64 || end < start || end > frame.length) return null;
    const offset = segment - (segment % bytes) + (bytes - 1 - (segment % bytes));
    if (!unpackSegment(frame.subarray(start, end), pixels, offset, segments)) return null;
  }
  return pixels;
}

/** PackBits into every `stride`-th byte from `offset`; false when the segment ends before the plane is full. */
function unpackSegment(segment: Uint8Array, target: Uint8Array, offset: number, stride: number): boolean {
  let from = 0;
  let to = offset;
  while (to < target.length) {
    if (from + 2 > segment.length) return false;
    const header = segment[from++]!;
    if (header === 128) continue; // no operation
    const run = header < 128 ? header + 1 : 257 - header;
    if (to + (run - 1) * stride >= target.length) return false;
    if (header < 128) {
      if (from + run > segment.length) return false;
      for (let i = 0; i < run; i++, to += stride) target[to] = segment[from++]!;
    } else {
      const value = segment[from++]!;
      for (let i = 0; i < run; i++, to += stride) target[to] = value;
    }
  }
  return true;
}
