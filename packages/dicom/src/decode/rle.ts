/**
 * Decodes one RLE frame of a single-sample image (PS3.5 annex G): one PackBits segment per byte of a pixel, the most
 * significant first.
 *
 * @returns `count` pixels of `bytesPerPixel` bytes, little endian, or null when the frame is not exactly that
 */
export function decodeRle(frame: Uint8Array, count: number, bytesPerPixel: 1 | 2): Uint8Array | null {
  if (frame.length < 64) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== bytesPerPixel) return null;
  const pixels = new Uint8Array(count * bytesPerPixel);
  for (let segment = 0; segment < bytesPerPixel; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < bytesPerPixel ? view.getUint32(8 + 4 * segment, true) : frame.length;
    if (start < 64 || end < start || end > frame.length) return null;
    const plane = bytesPerPixel - 1 - segment;
    if (!unpackSegment(frame.subarray(start, end), pixels, plane, bytesPerPixel)) return null;
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
