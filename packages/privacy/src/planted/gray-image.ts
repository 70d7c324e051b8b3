/*
 * The positive control's own way of handling images. It shares no code with the search it controls: a fault in common would make
 * the search find what it should and miss what it shouldn't, unseen.
 */

/** Gray levels as floats, row-major [size, size]. NaN marks pixels that nothing is known of. */
export type Gray = Float64Array;

/** Where a pixel comes from: coordinates in pixels, (0, 0) the first pixel's centre. */
export type Source = (x: number, y: number) => readonly [number, number];

/** What lies beyond the border: the border's own pixels, black, or the image mirrored. */
export const BEYOND = ['border', 'black', 'mirror'] as const;
export type Beyond = (typeof BEYOND)[number];

/** Pulls each pixel from its source, between four neighbours. Pixels from beyond the border are `beyond`, or NaN. */
export function pull(image: Gray, size: number, source: Source, beyond: Beyond | 'unknown'): Gray {
  return image.map((_, at) => {
    const [x, y] = source(at % size, Math.floor(at / size));
    const far = Math.max(-x, -y, x - size + 1, y - size + 1); // pixels beyond the outermost centres
    if (far > 0.5 && beyond === 'black') return 0;
    if (far > 0 && beyond === 'unknown') return Number.NaN;
    const fold = beyond === 'mirror' ? mirrorBack : clamp;
    return between(image, size, fold(x, size), fold(y, size));
  });
}

function clamp(place: number, size: number): number {
  return Math.max(0, Math.min(size - 1, place));
}

function mirrorBack(place: number, size: number): number {
  const around = Math.abs(place) % (2 * (size - 1));
  return around <= size - 1 ? around : 2 * (size - 1) - around;
}

function between(image: Gray, size: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [Math.min(size - 1, left + 1), Math.min(size - 1, top + 1)];
  const mix = (row: number) =>
    image[row * size + left]! * (1 - (x - left)) + image[row * size + right]! * (x - left);
  return mix(top) * (1 - (y - top)) + mix(bottom) * (y - top);
}

/** Three passes of a running mean of odd width, which come close to a Gaussian of σ = √((width² − 1) / 4) pixels. */
export function soften(image: Gray, size: number, width: number): Gray {
  const reach = (width - 1) / 2;
  const pass = (from: Gray, step: number, across: number) =>
    from.map((_, at) => {
      const place = Math.floor(at / step) % across;
      let sum = 0;
      for (let tap = -reach; tap <= reach; tap++)
        sum += from[at + (clamp(place + tap, across) - place) * step]!;
      return sum / width;
    });
  let soft = image;
  for (let time = 0; time < 3; time++) soft = pass(pass(soft, 1, size), size, size);
  return soft;
}

/** Pearson's correlation over the pixels that are known in both; 0 where there are few or they are flat. */
export function correlationOf(left: Gray, right: Gray): number {
  let [n, a, b, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < left.length; at++) {
    const [x, y] = [left[at]! - 128, right[at]! - 128];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    n += 1;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const spread = (aa - (a * a) / n) * (bb - (b * b) / n);
  return n >= 16 && spread > 1 ? (ab - (a * b) / n) / Math.sqrt(spread) : 0;
}
