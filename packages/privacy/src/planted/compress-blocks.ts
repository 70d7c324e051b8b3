/** Luminance quantisation of the JPEG standard at quality 50 (ITU-T T.81, table K.1), rows of an 8 × 8 block. */
const LUMINANCE = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
];

/**
 * What JPEG does to a gray image [size, size], without the entropy coding: 8 × 8 blocks to cosines, each rounded to a multiple
 * that grows as `quality` (1–100, the usual scaling) falls, and back. Pixels past the last whole block are left alone.
 */
export function compressBlocks(values: Float32Array, size: number, quality: number): Float32Array {
  const scale = (quality < 50 ? 5000 / quality : 200 - 2 * quality) / 100;
  const compressed = values.slice();
  for (let top = 0; top + 8 <= size; top += 8) {
    for (let left = 0; left + 8 <= size; left += 8) compressBlock(compressed, size, top, left, scale);
  }
  return compressed;
}

/** Orthonormal cosine basis [frequency][position]. */
const COSINES = Array.from({ length: 8 }, (_, frequency) =>
  Array.from(
    { length: 8 },
    (_, position) =>
      Math.sqrt(frequency === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * position + 1) * frequency * Math.PI) / 16),
  ),
);

function compressBlock(values: Float32Array, size: number, top: number, left: number, scale: number): void {
  const block = COSINES.map((_, y) => COSINES.map((_, x) => values[(top + y) * size + left + x]! - 128));
  const spectrum = multiply(multiply(COSINES, block), flip(COSINES));
  const rounded = spectrum.map((row, v) =>
    row.map((value, u) => {
      const step = Math.max(1, Math.round(LUMINANCE[v]![u]! * scale));
      return Math.round(value / step) * step;
    }),
  );
  const restored = multiply(multiply(flip(COSINES), rounded), COSINES);
  restored.forEach((row, y) => {
    row.forEach((value, x) => {
      values[(top + y) * size + left + x] = value + 128;
    });
  });
}

function multiply(left: number[][], right: number[][]): number[][] {
  return left.map((row) =>
    right[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * right[k]![column]!, 0)),
  );
}

function flip(matrix: number[][]): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}
