import type { Features } from '@synspine/metrics';

/**
 * The rows less their mean, each column over its standard deviation, at length 1: distances of two sets so treated tell how alike
 * two images are in what sets each apart from its own set. A generator's images share an error that real films lack. By plain distances
 * the few films that lie on the error's side are then the nearest of most images (hubs; Radovanović et al. 2010, centring after Suzuki
 * et al. 2013): who is nearest says little about who was trained on. A row equal to the mean becomes 0. → float64, [rows, columns]
 */
export function aligned({ data, rows, columns }: Features): Features {
  const out = Float64Array.from(data);
  for (let column = 0; column < columns; column++) standardise(out, column, rows, columns);
  for (let row = 0; row < rows; row++) {
    const values = out.subarray(row * columns, (row + 1) * columns);
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let column = 0; column < columns; column++) values[column]! /= length;
  }
  return { data: out, rows, columns };
}

/** A column that is constant but for rounding tells nothing: it becomes 0. */
function standardise(data: Float64Array, column: number, rows: number, columns: number): void {
  let [sum, squares, largest] = [0, 0, 0];
  for (let at = column; at < data.length; at += columns) {
    sum += data[at]!;
    largest = Math.max(largest, Math.abs(data[at]!));
  }
  const mean = sum / rows;
  for (let at = column; at < data.length; at += columns) squares += (data[at]! - mean) ** 2;
  const deviation = Math.sqrt(squares / rows);
  const scale = deviation > 1e-6 * largest ? 1 / deviation : 0;
  for (let at = column; at < data.length; at += columns) data[at] = (data[at]! - mean) * scale;
}
