/** Gray bytes, row-major. */
export type Picture = { rows: number; columns: number; gray: Uint8Array };

/** Columns left to right - 1, rows top to bottom - 1. */
export type Box = { left: number; top: number; right: number; bottom: number };

/** The share of a box that lies within another. */
export function shareWithin(box: Box, other: Box): number {
  const width = Math.min(box.right, other.right) - Math.max(box.left, other.left);
  const height = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
  return (Math.max(0, width) * Math.max(0, height)) / area(box);
}

export function area({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

/** A copy of a part of a picture. The box lies inside it. */
export function crop(picture: Picture, { left, top, right, bottom }: Box): Picture {
  const [rows, columns] = [bottom - top, right - left];
  const gray = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = (top + row) * picture.columns + left;
    gray.set(picture.gray.subarray(from, from + columns), row * columns);
  }
  return { rows, columns, gray };
}

/** A quarter turn, anticlockwise. */
export function turnLeft({ rows, columns, gray }: Picture): Picture {
  const turned = new Uint8Array(gray.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[(columns - 1 - column) * rows + row] = gray[row * columns + column]!;
  return { rows: columns, columns: rows, gray: turned };
}

/** A half turn. */
export function turnOver({ rows, columns, gray }: Picture): Picture {
  return { rows, columns, gray: gray.slice().reverse() };
}

export function mirror({ rows, columns, gray }: Picture): Picture {
  const mirrored = gray.slice();
  for (let row = 0; row < rows; row++) mirrored.subarray(row * columns, (row + 1) * columns).reverse();
  return { rows, columns, gray: mirrored };
}

/** Half as many rows and columns, each pixel the mean of four. An odd last row or column is left out. */
export function halve({ rows, columns, gray }: Picture): Picture {
  const [halfRows, halfColumns] = [rows >> 1, columns >> 1];
  const half = new Uint8Array(halfRows * halfColumns);
  for (let row = 0; row < halfRows; row++) {
    let from = 2 * row * columns;
    for (let column = 0; column < halfColumns; column++, from += 2) {
      const sum = gray[from]! + gray[from + 1]! + gray[from + columns]! + gray[from + columns + 1]!;
      half[row * halfColumns + column] = (sum + 2) >> 2;
    }
  }
  return { rows: halfRows, columns: halfColumns, gray: half };
}
