import { encodeReleased } from './encode-released.ts';

/** Synthetic gray images [count, size, size], `columns` a row, as one PNG that says that they are synthetic. */
export async function encodeGrid(images: Uint8Array, size: number, columns: number): Promise<Uint8Array> {
  const { grid, width, height } = layGrid(images, size, columns);
  return encodeReleased(grid, width, height);
}

function layGrid(images: Uint8Array, size: number, columns: number) {
  const rows = images.length / size ** 2 / columns;
  const grid = new Uint8Array(images.length);
  for (let image = 0; image < rows * columns; image++) {
    const [row, column] = [Math.floor(image / columns), image % columns];
    for (let y = 0; y < size; y++) {
      const line = images.subarray((image * size + y) * size, (image * size + y + 1) * size);
      grid.set(line, (row * size + y) * size * columns + column * size);
    }
  }
  return { grid, width: size * columns, height: size * rows };
}
