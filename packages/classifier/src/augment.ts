import { seededNormal, seededRandom } from '@synspine/compute';

/** How much training images vary, each on its own and anew for each showing. */
export type Augmentation = {
  warp: NormalWarp | UniformWarp;
  /** Octaves of the exponent on gray values; plain brightness and contrast are taken out by small-cnn itself. */
  gamma: number;
  /** Noise on each pixel, of the range [−1, 1]. */
  noise: number;
  /** Share of showings that are mirrored. 0 unless a label says nothing about the side. */
  mirror: number;
};

/** Standard deviations of normal numbers. */
type NormalWarp = {
  draw: 'normal';
  /** Degrees. */
  rotation: number;
  /** Share of the side. */
  shift: number;
  /** Octaves: 0.15 scales by 2^±0.15, about ±11 %. */
  scale: number;
  /** Octaves of width against height. */
  stretch: number;
};

/** Limits of uniform numbers: a rotation, then a square cut from anywhere in the image and enlarged to all of it. */
type UniformWarp = {
  draw: 'uniform';
  /** Degrees, to either side. */
  rotation: number;
  /** The least share of the area that the square may have. */
  cropArea: number;
};

/**
 * Writes one varied copy of a size·size 8-bit image to `out` from `offset`, in [−1, 1]: one affine warp, sampled
 * bilinearly and continued at the edges, then gamma and noise. A small image costs microseconds on the host.
 */
export function augmentInto(
  out: Float32Array,
  offset: number,
  image: Uint8Array,
  size: number,
  { random, strength }: { random: () => number; strength: Augmentation },
): void {
  const { across, down } = drawWarp(size, random, strength);
  const curve = drawGamma(random, strength.gamma);
  const grain = Math.floor(random() * GRAIN.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = across.x * x + across.y * y + across.start;
      const v = down.x * x + down.y * y + down.start;
      const gray = sampleBilinear(image, size, u, v);
      const noise = GRAIN[(grain + y * size + x) % GRAIN.length]! * strength.noise;
      out[offset + y * size + x] = curve(gray) + noise;
    }
  }
}

/** Standard normal noise, made once: each image starts somewhere else in it. Its length is prime, so rows differ. */
const GRAIN = Float32Array.from(
  { length: 65_537 },
  (
    (random) => () =>
      seededNormal(random)
  )(seededRandom(1)),
);

/** Gray value in [0, 255] → (gray / 255)^gamma in [−1, 1], by a table of 256 with straight lines in between. */
function drawGamma(random: () => number, strength: number): (gray: number) => number {
  const gamma = 2 ** (seededNormal(random) * strength);
  const table = Float32Array.from({ length: 257 }, (_, i) => (i / 255) ** gamma * 2 - 1);
  return (gray) => {
    const at = Math.floor(gray);
    return table[at]! + (table[at + 1]! - table[at]!) * (gray - at);
  };
}

/** A coordinate of the source at each pixel of the copy: x·column + y·row + start. */
type Line = { x: number; y: number; start: number };

/** Where each pixel of the copy comes from, as an affine map: turned and stretched about `from`, which lands on `to`. */
function drawWarp(
  size: number,
  random: () => number,
  { warp, mirror }: Augmentation,
): Record<'across' | 'down', Line> {
  const centre = (size - 1) / 2;
  const { angle, across, down, from, to } =
    warp.draw === 'normal' ? drawNormal(size, random, warp) : drawUniform(size, random, warp);
  const side = random() < mirror ? -1 : 1;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const line = (x: number, y: number, start: number): Line => ({ x, y, start: start - x * to.x - y * to.y });
  return {
    across: line(cos * across * side, sin * across * side, from.x * side + centre),
    down: line(-sin * down, cos * down, from.y + centre),
  };
}

function drawNormal(size: number, random: () => number, warp: NormalWarp) {
  const centre = (size - 1) / 2;
  const draw = (deviation: number) => seededNormal(random) * deviation;
  const angle = (draw(warp.rotation) * Math.PI) / 180;
  const [scale, stretch] = [2 ** draw(warp.scale), 2 ** draw(warp.stretch)];
  const to = { x: centre + draw(warp.shift) * size, y: centre + draw(warp.shift) * size };
  return { angle, across: scale * stretch, down: scale / stretch, from: { x: 0, y: 0 }, to };
}

/** `from` is the turned crop's centre, as seen from the image's. */
function drawUniform(size: number, random: () => number, { rotation, cropArea }: UniformWarp) {
  const between = (low: number, high: number) => low + (high - low) * random();
  const angle = (between(-rotation, rotation) * Math.PI) / 180;
  const side = Math.sqrt(between(cropArea, 1));
  const room = ((1 - side) * size) / 2;
  const [u, v] = [between(-room, room), between(-room, room)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const from = { x: cos * u + sin * v, y: cos * v - sin * u };
  const centre = (size - 1) / 2;
  return { angle, across: side, down: side, from, to: { x: centre, y: centre } };
}

function sampleBilinear(image: Uint8Array, size: number, x: number, y: number): number {
  const [u, v] = [Math.min(size - 1, Math.max(0, x)), Math.min(size - 1, Math.max(0, y))];
  const [left, top] = [Math.min(size - 2, Math.floor(u)), Math.min(size - 2, Math.floor(v))];
  const [right, low] = [u - left, v - top]; // both in [0, 1]
  const at = top * size + left;
  const above = image[at]! * (1 - right) + image[at + 1]! * right;
  const below = image[at + size]! * (1 - right) + image[at + size + 1]! * right;
  return above * (1 - low) + below * low;
}
