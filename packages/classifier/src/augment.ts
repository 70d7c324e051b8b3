import { seededNormal, seededRandom } from '@synspine/compute';

/** How much training images vary: standard deviations, drawn anew for each showing. */
export type Augmentation = {
  /** Degrees. */
  rotation: number;
  /** Share of the side. */
  shift: number;
  /** Octaves: 0.15 scales by 2^±0.15, about ±11 %. */
  scale: number;
  /** Octaves of width against height. */
  stretch: number;
  /** Octaves of the exponent on gray values; plain brightness and contrast are taken out by the network itself. */
  gamma: number;
  /** Noise on each pixel, of the range [−1, 1]. */
  noise: number;
  /** Mirror half of the showings. Right where a label says nothing about the side, as with a curve's severity. */
  mirror: boolean;
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
  const { toX, toY } = drawWarp(size, random, strength);
  const curve = drawGamma(random, strength.gamma);
  const grain = Math.floor(random() * GRAIN.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const gray = sampleBilinear(image, size, toX(x, y), toY(x, y));
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

/** Where each pixel of the copy comes from, as an affine map about the centre. */
function drawWarp(size: number, random: () => number, strength: Augmentation) {
  const angle = (seededNormal(random) * strength.rotation * Math.PI) / 180;
  const scale = 2 ** (seededNormal(random) * strength.scale);
  const stretch = 2 ** (seededNormal(random) * strength.stretch);
  const mirror = strength.mirror && random() < 0.5 ? -1 : 1;
  const centre = (size - 1) / 2;
  const shiftX = centre + seededNormal(random) * strength.shift * size;
  const shiftY = centre + seededNormal(random) * strength.shift * size;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [byX, byY] = [mirror * scale * stretch, scale / stretch];
  return {
    toX: (x: number, y: number) => (cos * (x - shiftX) + sin * (y - shiftY)) * byX + centre,
    toY: (x: number, y: number) => (cos * (y - shiftY) - sin * (x - shiftX)) * byY + centre,
  };
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
