import { MASTER_SIZE } from '../master-image.ts';

const LAYOUT_SIDE = 8;
const EDGE_SIDE = 64;
const EDGE_CELLS = 4; // a side
const DIRECTIONS = 4;
const OCTAVES = 5;
const DARK = 8;
const BRIGHT = 247;
const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9];
const LEAST = 0.05; // gray levels: an image of one gray has logarithms, too

/** A square gray image of any side. */
type Image = { side: number; gray: Uint8Array | Float64Array };

/**
 * What a square image looks like, whatever its exposure: where it is bright (8 × 8), which way its edges run in each part
 * (4 × 4 × 4 directions), how much detail it has at five scales, and how its gray levels are spread. `square` is
 * MASTER_SIZE² bytes. → 146 values
 */
export function lookFeatures(square: Uint8Array): Float64Array {
  const image = { side: MASTER_SIZE, gray: square };
  const { deviation } = momentsOf(square);
  const layout = shrink(image, LAYOUT_SIDE).gray as Float64Array;
  const own = momentsOf(layout);
  return Float64Array.from([
    ...layout.map((value) => (value - own.mean) / (own.deviation + 1)),
    ...edgeShares(shrink(image, EDGE_SIDE)),
    ...detailByOctave(image, deviation),
    ...grayLevels(square, deviation),
  ]);
}

/** Mean difference of neighbours against the deviation of all: .02 to .3 in radiographs, over 1 in noise. */
export function grain(square: Uint8Array): number {
  const image = { side: MASTER_SIZE, gray: square };
  return Math.max(...neighbourDifferences(image)) / (momentsOf(square).deviation + 1);
}

function momentsOf(values: Uint8Array | Float64Array): { mean: number; deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** Means over blocks. */
function shrink({ side, gray }: Image, to: number): Image {
  const block = side / to;
  const small = new Float64Array(to * to);
  for (let i = 0; i < small.length; i++) {
    const corner = (Math.floor(i / to) * side + (i % to)) * block;
    let sum = 0;
    for (let row = corner; row < corner + block * side; row += side)
      for (let at = row; at < row + block; at++) sum += gray[at]!;
    small[i] = sum / block ** 2;
  }
  return { side: to, gray: small };
}

/** The part that each direction has of a cell's edges, as square roots: so that a few strong edges don't decide all. */
function edgeShares({ side, gray }: Image): number[] {
  const sums = new Float64Array(EDGE_CELLS ** 2 * DIRECTIONS);
  const cell = side / EDGE_CELLS;
  for (let y = 1; y < side - 1; y++)
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      const dx = gray[at + 1]! - gray[at - 1]!;
      const dy = gray[at + side]! - gray[at - side]!;
      const turn = Math.atan2(dy, dx) / Math.PI + 1; // 0 to 2; opposite directions are one
      const direction = Math.round(turn * DIRECTIONS) % DIRECTIONS;
      const part = Math.floor(y / cell) * EDGE_CELLS + Math.floor(x / cell);
      sums[part * DIRECTIONS + direction]! += Math.sqrt(dx * dx + dy * dy);
    }
  const total = sums.reduce((sum, value) => sum + value, 0);
  return Array.from(sums, (value) => Math.sqrt(value / (total + LEAST)));
}

/** log of the mean difference of neighbours, across and down, in the image and four times halved. */
function detailByOctave(image: Image, deviation: number): number[] {
  const details: number[] = [];
  for (let octave = 0, at = image; octave < OCTAVES; octave++, at = shrink(at, at.side / 2))
    details.push(...neighbourDifferences(at).map((value) => Math.log((value + LEAST) / (deviation + 1))));
  return details;
}

function neighbourDifferences({ side, gray }: Image): [across: number, down: number] {
  let [across, down] = [0, 0];
  for (let y = 0; y < side; y++)
    for (let at = y * side + 1; at < (y + 1) * side; at++) across += Math.abs(gray[at]! - gray[at - 1]!);
  for (let at = side; at < gray.length; at++) down += Math.abs(gray[at]! - gray[at - side]!);
  const pairs = side * (side - 1);
  return [across / pairs, down / pairs];
}

/** How much is black, how much is white, quantiles, and the contrast. */
function grayLevels(square: Uint8Array, deviation: number): number[] {
  const below = new Float64Array(257); // how many pixels are darker than each gray level
  for (let i = 0; i < square.length; i++) below[square[i]! + 1]! += 1;
  for (let level = 1; level <= 256; level++) below[level]! += below[level - 1]!;
  const quantile = (rank: number) => below.findIndex((count) => count > rank) - 1;
  return [
    Math.sqrt(below[DARK]! / square.length),
    Math.sqrt(1 - below[BRIGHT + 1]! / square.length),
    ...QUANTILES.map((q) => quantile(Math.floor(q * (square.length - 1))) / 255),
    Math.log((deviation + 1) / 64),
  ];
}
