/**
 * Encodes single-sample pixels as one RLE frame (PS3.5 annex G): a PackBits segment for each byte of a pixel, the most
 * significant first.
 *
 * @param bytes row-major, 1 or 2 bytes a pixel, little endian
 * @param columns pixels in a row: no run passes the end of a row
 */
export function encodeRle(bytes: Uint8Array, bytesPerPixel: 1 | 2, columns: number): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(bytesPerPixel, 0);
  const segments: Buffer[] = [];
  let at = header.length;
  for (let plane = 0; plane < bytesPerPixel; plane++) {
    const segment = packPlane(bytes, bytesPerPixel - 1 - plane, bytesPerPixel, columns);
    header.writeUInt32LE(at, 4 + 4 * plane);
    segments.push(segment);
    at += segment.length;
  }
  return Buffer.concat([header, ...segments]);
}

function packPlane(bytes: Uint8Array, offset: number, stride: number, columns: number): Buffer {
  const plane = new Uint8Array(bytes.length / stride);
  for (let i = 0; i < plane.length; i++) plane[i] = bytes[i * stride + offset]!;
  // PackBits adds at most one byte for each 128, and each row starts anew.
  const rows = Math.ceil(plane.length / columns);
  const out = Buffer.alloc(plane.length + rows * (Math.ceil(columns / 128) + 1) + 1);
  let to = 0;
  for (let row = 0; row < rows; row++)
    to = packRow(plane.subarray(row * columns, (row + 1) * columns), out, to);
  return out.subarray(0, to + (to % 2)); // segments have even length
}

function packRow(row: Uint8Array, out: Uint8Array, start: number): number {
  let to = start;
  let from = 0;
  while (from < row.length) {
    const run = countRun(row, from);
    if (run >= 3) {
      out[to++] = 257 - run;
      out[to++] = row[from]!;
      from += run;
      continue;
    }
    const end = findLiteralEnd(row, from);
    out[to++] = end - from - 1;
    out.set(row.subarray(from, end), to);
    to += end - from;
    from = end;
  }
  return to;
}

function countRun(row: Uint8Array, from: number): number {
  let end = from + 1;
  while (end < row.length && end - from < 128 && row[end] === row[from]) end++;
  return end - from;
}

/** A literal goes on until three equal bytes come, where a run is shorter, or 128 bytes are full. */
function findLiteralEnd(row: Uint8Array, from: number): number {
  let end = from + 1;
  while (end < row.length && end - from < 128) {
    if (row[end] === row[end + 1] && row[end] === row[end + 2]) break;
    end++;
  }
  return end;
}
