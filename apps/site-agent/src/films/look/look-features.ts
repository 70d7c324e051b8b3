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
type Image = { side: number; gray: Float64Array };

/**
 * What a square image looks like, whatever its exposure: where it is bright (8 × 8), which way its edges run in each part
 * (4 × 4 × 4 directions), how much detail it has at five scales, and how its gray levels are spread. `square` is
 * MASTER_SIZE² bytes. → 146 values
 */
export function lookFeatures(square: Uint8Array): Float64Array {
  const image = { side: MASTER_SIZE, gray: Float64Array.from(square) };
  const { deviation } = momentsOf(image.gray);
  const layout = shrink(image, LAYOUT_SIDE).gray;
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
  const image = { side: MASTER_SIZE, gray: Float64Array.from(square) };
  return Math.max(...neighbourDifferences(image)) / (momentsOf(image.gray).deviation + 1);
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** Means over blocks. */
function shrink({ side, gray }: Image, to: number): Image {
  const block = side / to;
  const small = new Float64Array(to * to);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      small[Math.floor(y / block) * to + Math.floor(x / block)]! += gray[y * side + x]! / block ** 2;
  return { side: to, gray: small };
}

/** The part that each direction has of a cell's edges, as square roots: so that a few strong edges don't decide all. */
function edgeShares({ side, gray }: Image): number[] {
  const sums = new Float64Array(EDGE_CELLS ** 2 * DIRECTIONS);
  const cell = side / EDGE_CELLS;
  for (let y = 1; y < side - 1; y++)
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      const [dx, dy] = [gray[at + 1]! - gray[at - 1]!, gray[at + side]! - gray[at - side]!];
      const turn = Math.atan2(dy, dx) / Math.PI + 1; // 0 to 2; opposite directions are one
      const direction = Math.round(turn * DIRECTIONS) % DIRECTIONS;
      const part = Math.floor(y / cell) * EDGE_CELLS + Math.floor(x / cell);
      sums[part * DIRECTIONS + direction]! += Math.hypot(dx, dy);
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
    for (let x = 1; x < side; x++) {
      across += Math.abs(gray[y * side + x]! - gray[y * side + x - 1]!);
      down += Math.abs(gray[x * side + y]! - gray[(x - 1) * side + y]!);
    }
  const pairs = side * (side - 1);
  return [across / pairs, down / pairs];
}

/** How much is black, how much is white, quantiles, and the contrast. */
function grayLevels(square: Uint8Array, deviation: number): number[] {
  const sorted = square.slice().sort();
  const share = (holds: (value: number) => boolean) => square.filter(holds).length / square.length;
  return [
    Math.sqrt(share((value) => value < DARK)),
    Math.sqrt(share((value) => value > BRIGHT)),
    ...QUANTILES.map((q) => sorted[Math.floor(q * (sorted.length - 1))]! / 255),
    Math.log((deviation + 1) / 64),
  ];
}
