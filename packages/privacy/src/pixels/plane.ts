/** A square gray image as floats, row-major [size, size]. */
export type Plane = { values: Float32Array; size: number };

const WORKING_SIZE_MAX = 64; // more pixels add cost, not certainty: copies differ from look-alikes by coarse detail already

/** Image `row` of a set of bytes as floats, averaged down by a whole factor to at most 127 pixels a side (64 for powers of 2). */
export function workingPlane(images: Uint8Array, imageSize: number, row: number): Plane {
  const factor = Math.max(1, Math.floor(imageSize / WORKING_SIZE_MAX));
  const size = Math.floor(imageSize / factor);
  const values = new Float32Array(size * size);
  const start = row * imageSize * imageSize;
  for (let y = 0; y < size * factor; y++) {
    for (let x = 0; x < size * factor; x++) {
      const target = Math.floor(y / factor) * size + Math.floor(x / factor);
      values[target]! += images[start + y * imageSize + x]! / (factor * factor);
    }
  }
  return { values, size };
}

/** Gaussian blur, separable, edges repeated, cut at 3σ. */
export function blur({ values, size }: Plane, sigma: number): Plane {
  const kernel = gaussianKernel(sigma);
  const once = blurRows(values, size, kernel);
  return { values: transpose(blurRows(transpose(once, size), size, kernel), size), size };
}

function gaussianKernel(sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, at) =>
    Math.exp(-0.5 * ((at - radius) / sigma) ** 2),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}

function blurRows(values: Float32Array, size: number, kernel: Float32Array): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const blurred = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let tap = -radius; tap <= radius; tap++) {
        const source = Math.min(size - 1, Math.max(0, x + tap));
        sum += kernel[tap + radius]! * values[start + source]!;
      }
      blurred[start + x] = sum;
    }
  }
  return blurred;
}

function transpose(values: Float32Array, size: number): Float32Array {
  const flipped = new Float32Array(values.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) flipped[x * size + y] = values[y * size + x]!;
  }
  return flipped;
}

/** The image less its blur: edges and texture stay, exposure and the body's outline go. */
export function highPass(plane: Plane, sigma: number): Plane {
  const smooth = blur(plane, sigma).values;
  return { values: plane.values.map((value, at) => value - smooth[at]!), size: plane.size };
}

/** Mean 0, length 1, in place; a flat image becomes all zeros, which correlates with nothing. */
export function normalise(values: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  const scale = squares > 1e-6 ? 1 / Math.sqrt(squares) : 0;
  for (let at = 0; at < values.length; at++) values[at] = (values[at]! - mean) * scale;
  return values;
}
