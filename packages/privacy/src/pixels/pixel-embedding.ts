import type { Features } from '@synspine/metrics';
import { highPass, normalise, type Plane } from './plane.ts';

const SIDE = 16; // cells a side: small shifts and turns stay inside a cell
export const PIXEL_COLUMNS = SIDE * SIDE;

/**
 * The second embedding, which needs no network: the image without its slow shading, averaged over 16 × 16 cells, at mean 0 and
 * length 1. Exposure drops out, anatomy stays. → [planes, 256]
 */
export function pixelEmbedding(planes: readonly Plane[]): Features {
  const data = new Float32Array(planes.length * PIXEL_COLUMNS);
  planes.forEach((plane, row) => {
    data.set(embedPlane(plane), row * PIXEL_COLUMNS);
  });
  return { data, rows: planes.length, columns: PIXEL_COLUMNS };
}

function embedPlane(plane: Plane): Float32Array {
  const { size } = plane;
  const { values } = highPass(plane, size / 6); // slower than a sixth of the image is shading
  const cells = new Float32Array(PIXEL_COLUMNS);
  const counts = new Float32Array(PIXEL_COLUMNS);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const cell = Math.floor((y * SIDE) / size) * SIDE + Math.floor((x * SIDE) / size);
      cells[cell]! += values[y * size + x]!;
      counts[cell]! += 1;
    }
  }
  return normalise(cells.map((sum, cell) => (counts[cell]! > 0 ? sum / counts[cell]! : 0)));
}
