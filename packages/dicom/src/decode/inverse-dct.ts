/** C(u)/2 · cos((2x + 1)uπ/16) at 8·u + x, for x from 0 to 3. */
const BASIS = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return ((u === 0 ? Math.SQRT1_2 : 1) / 2) * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/**
 * Inverse discrete cosine transform of one 8 × 8 block with level shift and clamping (ISO 10918-1 A.3.1 and A.3.3), in
 * double precision: what is left of the error is the last rounding.
 *
 * @param coefficients 64, row-major, multiplied by their divisors; overwritten
 * @param samples receives 64 values from 0 to 2^bits - 1, row-major
 */
export function invertDct(coefficients: Float64Array, bits: number, samples: Uint16Array): void {
  for (let row = 0; row < 64; row += 8) transformLine(coefficients, row, 1);
  for (let column = 0; column < 8; column++) transformLine(coefficients, column, 8);
  const [middle, max] = [2 ** (bits - 1), 2 ** bits - 1];
  for (let i = 0; i < 64; i++) samples[i] = Math.min(Math.max(Math.round(coefficients[i]! + middle), 0), max);
}

/** Cosines of even frequency are the same at x and 7 - x, those of odd frequency opposite. */
function transformLine(values: Float64Array, at: number, step: number): void {
  const [s0, s1, s2, s3] = [values[at]!, values[at + step]!, values[at + 2 * step]!, values[at + 3 * step]!];
  const s4 = values[at + 4 * step]!;
  const s5 = values[at + 5 * step]!;
  const s6 = values[at + 6 * step]!;
  const s7 = values[at + 7 * step]!;
  for (let x = 0; x < 4; x++) {
    const even = s0 * BASIS[x]! + s2 * BASIS[16 + x]! + s4 * BASIS[32 + x]! + s6 * BASIS[48 + x]!;
    const odd = s1 * BASIS[8 + x]! + s3 * BASIS[24 + x]! + s5 * BASIS[40 + x]! + s7 * BASIS[56 + x]!;
    values[at + x * step] = even + odd;
    values[at + (7 - x) * step] = even - odd;
  }
}
