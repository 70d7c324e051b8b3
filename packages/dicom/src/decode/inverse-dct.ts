/** √2·cos(uπ/16), and 1 for u = 0: what the flow graph below leaves out of each coefficient. */
const SCALE = Float64Array.from({ length: 8 }, (_, u) =>
  u === 0 ? 1 : Math.SQRT2 * Math.cos((u * Math.PI) / 16),
);

const EIGHTH = 2 * Math.cos(Math.PI / 8);
const THREE_EIGHTHS = 2 * Math.cos((3 * Math.PI) / 8);

/** By what coefficient i of a block (row-major) is to be multiplied for {@link invertDct}. */
export function scaleOf(i: number): number {
  return (SCALE[i >> 3]! * SCALE[i & 7]!) / 8;
}

/**
 * Inverse discrete cosine transform of one 8 × 8 block with level shift and clamping (ISO 10918-1 A.3.1 and A.3.3), by
 * the flow graph of Arai, Agui and Nakajima 1988, in double precision: what is left of the error is the last rounding.
 *
 * @param coefficients 64, row-major, multiplied by their divisors and by {@link scaleOf}; overwritten
 * @param samples receives 64 values from 0 to 2^bits - 1, row-major
 */
export function invertDct(coefficients: Float64Array, bits: number, samples: Uint16Array): void {
  for (let row = 0; row < 64; row += 8) transformLine(coefficients, row, 1);
  for (let column = 0; column < 8; column++) transformLine(coefficients, column, 8);
  const rounding = 2 ** (bits - 1) + 0.5;
  const max = 2 ** bits - 1;
  for (let i = 0; i < 64; i++) {
    const value = coefficients[i]! + rounding;
    samples[i] = value < 0 ? 0 : value > max ? max : value; // whole numbers below: stored values are cut
  }
}

/** Cosines of even frequency are the same at x and 7 - x, those of odd frequency opposite. */
function transformLine(values: Float64Array, at: number, step: number): void {
  const s0 = values[at]!;
  const s1 = values[at + step]!;
  const s2 = values[at + 2 * step]!;
  const s3 = values[at + 3 * step]!;
  const s4 = values[at + 4 * step]!;
  const s5 = values[at + 5 * step]!;
  const s6 = values[at + 6 * step]!;
  const s7 = values[at + 7 * step]!;

  const sum26 = s2 + s6;
  const turned26 = (s2 - s6) * Math.SQRT2 - sum26;
  const even0 = s0 + s4 + sum26;
  const even3 = s0 + s4 - sum26;
  const even1 = s0 - s4 + turned26;
  const even2 = s0 - s4 - turned26;

  const [sum17, sum35] = [s1 + s7, s5 + s3];
  const [difference17, difference53] = [s1 - s7, s5 - s3];
  const turned = (difference53 + difference17) * EIGHTH;
  const odd0 = sum17 + sum35;
  const odd1 = turned - difference53 * (EIGHTH + THREE_EIGHTHS) - odd0;
  const odd2 = (sum17 - sum35) * Math.SQRT2 - odd1;
  const odd3 = turned - difference17 * (EIGHTH - THREE_EIGHTHS) - odd2;

  values[at] = even0 + odd0;
  values[at + step] = even1 + odd1;
  values[at + 2 * step] = even2 + odd2;
  values[at + 3 * step] = even3 + odd3;
  values[at + 4 * step] = even3 - odd3;
  values[at + 5 * step] = even2 - odd2;
  values[at + 6 * step] = even1 - odd1;
  values[at + 7 * step] = even0 - odd0;
}
