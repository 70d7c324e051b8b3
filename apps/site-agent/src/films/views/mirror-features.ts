/** Side of the images that views are told by, in pixels: a trunk seen from the front or the side is plain at this size. */
export const VIEW_SIDE = 32;

/**
 * What doesn't change when a film is mirrored: for each row, the mean and the absolute difference of a pixel and its mirror
 * image, after the film's gray levels were standardised. A trunk seen from the front is nearly its own mirror image, one seen
 * from the side is not, and may face either way. `gray` is {@link VIEW_SIDE}² bytes. → VIEW_SIDE² values
 */
export function mirrorFeatures(gray: Uint8Array): Float64Array {
  const { mean, deviation } = momentsOf(gray);
  const features = new Float64Array(gray.length);
  const half = VIEW_SIDE / 2;
  for (let row = 0; row < VIEW_SIDE; row++) {
    const start = row * VIEW_SIDE;
    for (let x = 0; x < half; x++) {
      const here = (gray[start + x]! - mean) / deviation;
      const there = (gray[start + VIEW_SIDE - 1 - x]! - mean) / deviation;
      features[start + x] = (here + there) / 2;
      features[start + half + x] = Math.abs(here - there) / 2;
    }
  }
  return features;
}

function momentsOf(gray: Uint8Array): { mean: number; deviation: number } {
  const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
  const variance = gray.reduce((sum, value) => sum + (value - mean) ** 2, 0) / gray.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
