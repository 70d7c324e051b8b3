/** Side of the network's input, in pixels. */
export const INPUT_SIZE = 299;

/**
 * Resizes gray images to 299 × 299 as TensorFlow 1's ResizeBilinear does (align_corners and half_pixel_centers both false: source
 * = target·size/299, no antialiasing; other resizers change FID by whole points), then (x − 128)/128, replicated to RGB.
 * `images` is count·height·width bytes from image `first` on. → [count, 299, 299, 3]; rows past the last image stay zero.
 */
export function resizeToInput(
  images: Uint8Array,
  {
    first,
    count,
    batch,
    height,
    width,
  }: { first: number; count: number; batch: number; height: number; width: number },
): Float32Array {
  const target = new Float32Array(batch * INPUT_SIZE * INPUT_SIZE * 3);
  const columns = sourcePositions(width);
  const rows = sourcePositions(height);
  let at = 0;
  for (let image = first; image < first + count; image++) {
    for (const row of rows) {
      const upper = (image * height + row.low) * width;
      const lower = (image * height + row.high) * width;
      for (const column of columns) {
        const top = mix(images[upper + column.low]!, images[upper + column.high]!, column.share);
        const bottom = mix(images[lower + column.low]!, images[lower + column.high]!, column.share);
        const value = (mix(top, bottom, row.share) - 128) / 128;
        target[at++] = value;
        target[at++] = value;
        target[at++] = value;
      }
    }
  }
  return target;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** For each target pixel the two source pixels around it and the share of the second. */
function sourcePositions(size: number): { low: number; high: number; share: number }[] {
  const scale = Math.fround(size / INPUT_SIZE); // float32, as in TensorFlow
  return Array.from({ length: INPUT_SIZE }, (_, target) => {
    const source = Math.fround(target * scale);
    const low = Math.floor(source);
    return { low, high: Math.min(low + 1, size - 1), share: source - low };
  });
}
