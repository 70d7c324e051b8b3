import { centre, columnMeans, type Features } from './features.ts';
import { combine, reduceRows, squaredGap } from './frechet-distance.ts';
import { multiplyTransposed } from './linear-algebra.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

type Wide = Features & { data: Float64Array };
/** One set without some of its rows: means less those of all its rows, the trace of its covariance, and its rows. */
type Moments = { means: Float64Array; trace: number; rows: number };

/**
 * Fréchet distances of row subsets, of which one side is whole. With Ỹ as many rows as Y has, or columns if those are fewer, the
 * singular values of X·Ỹᵀ are the roots of the eigenvalues of its Gram matrix, from which the rows left out are taken away: what
 * a subset costs is a tridiagonalisation. Roots lose the small singular values to √ε of the largest, so a score is right to about
 * 1e-7: enough for how scores differ between subsets, while `frechetDistance` gives that of all rows.
 */
export function subsetFrechet(
  real: Features,
  fake: Features,
): (realRows: Int32Array, fakeRows: Int32Array) => number {
  const [realMeans, fakeMeans] = [columnMeans(real), columnMeans(fake)];
  const x = centre(real, realMeans);
  const y = centre(fake, fakeMeans);
  const gap = realMeans.map((mean, column) => mean - fakeMeans[column]!);
  const normOfReal = subsetNorm(x, y);
  const normOfFake = subsetNorm(y, x);
  return (realRows, fakeRows) => {
    const [noReals, noFakes] = [complement(realRows, x.rows), complement(fakeRows, y.rows)];
    const [left, right] = [momentsWithout(x, noReals), momentsWithout(y, noFakes)];
    const norm = noFakes.length === 0 ? normOfReal(noReals) : normOfFake(noFakes);
    const moved = right.means.map((mean, column) => mean - gap[column]!);
    return combine(squaredGap(left.means, moved), left.trace + right.trace, norm, left.rows, right.rows);
  };
}

/** Nuclear norm of X·Yᵀ where some rows of X are left out and the others are centred anew. Both come centred. */
function subsetNorm(x: Wide, y: Wide): (leftOut: Int32Array) => number {
  const other = reduceRows({ ...y, data: Float64Array.from(y.data) });
  const projected = { data: multiplyTransposed(x, other), rows: x.rows, columns: other.rows };
  const gram = gramMatrix(projected);
  return (leftOut) => {
    const width = other.rows;
    const left = gram.slice();
    for (const row of leftOut) subtractOuter(left, rowOf(projected, row), 1);
    const rows = x.rows - leftOut.length;
    subtractOuter(left, sumOfRows(projected, leftOut), 1 / rows); // the rows that stay have the mean −sum / rows
    const rank = Math.min(rows, y.rows) - 1; // of centred rows; what comes after is rounding
    const largest = symmetricEigenvalues(left, width)
      .sort()
      .slice(Math.max(0, width - rank));
    return largest.reduce((total, value) => total + Math.sqrt(Math.max(0, value)), 0);
  };
}

/** `x` comes centred, so that what stays sums to less than what left. */
function momentsWithout(x: Wide, leftOut: Int32Array): Moments {
  const gone = new Set(leftOut);
  const rows = x.rows - gone.size;
  const means = sumOfRows(x, leftOut).map((sum) => -sum / rows);
  let squares = 0;
  for (let row = 0, at = 0; row < x.rows; row++, at += x.columns) {
    if (gone.has(row)) continue;
    for (let column = 0; column < x.columns; column++)
      squares += (x.data[at + column]! - means[column]!) ** 2;
  }
  return { means, trace: squares / (rows - 1), rows };
}

/** ZᵀZ of Z [rows, columns]. */
function gramMatrix({ data, rows, columns }: Wide): Float64Array {
  const flipped = { data: new Float64Array(data.length), rows: columns, columns: rows };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) flipped.data[j * rows + i] = data[i * columns + j]!;
  }
  return multiplyTransposed(flipped, flipped);
}

/** G − weight · z·zᵀ, in the lower triangle. */
function subtractOuter(gram: Float64Array, z: Float64Array, weight: number): void {
  for (let i = 0, row = 0; i < z.length; i++, row += z.length) {
    const factor = weight * z[i]!;
    for (let j = 0; j <= i; j++) gram[row + j]! -= factor * z[j]!;
  }
}

function sumOfRows(z: Wide, rows: Int32Array): Float64Array {
  const sum = new Float64Array(z.columns);
  for (const row of rows) {
    const values = rowOf(z, row);
    for (let column = 0; column < sum.length; column++) sum[column]! += values[column]!;
  }
  return sum;
}

function rowOf({ data, columns }: Wide, row: number): Float64Array {
  return data.subarray(row * columns, (row + 1) * columns);
}

function complement(rows: Int32Array, count: number): Int32Array {
  const kept = new Set(rows);
  return Int32Array.from({ length: count }, (_, row) => row).filter((row) => !kept.has(row));
}
