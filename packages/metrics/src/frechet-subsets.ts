import { centre, columnMeans, type Features, selectRows } from './features.ts';
import { combine, reduceRows, squaredGap, sumOfSquares } from './frechet-distance.ts';
import { multiplyTransposed } from './linear-algebra.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

type Wide = Features & { data: Float64Array };

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
  const x = centre(real, columnMeans(real));
  const y = centre(fake, columnMeans(fake));
  const normOfReal = subsetNorm(x, y);
  const normOfFake = subsetNorm(y, x);
  const means = { real: columnMeans(real), fake: columnMeans(fake) };
  return (realRows, fakeRows) => {
    const whole = fakeRows.length === fake.rows;
    const norm = whole ? normOfReal(realRows) : normOfFake(fakeRows);
    const realPart = moments(selectRows(x, realRows), means.real);
    const fakePart = moments(selectRows(y, fakeRows), means.fake);
    const gap = squaredGap(realPart.means, fakePart.means);
    return combine(gap, realPart.trace + fakePart.trace, norm, realRows.length, fakeRows.length);
  };
}

/** Nuclear norm of X·Yᵀ where only some rows of X stay and are centred anew. Both come centred. */
function subsetNorm(x: Wide, y: Wide): (rows: Int32Array) => number {
  const other = reduceRows({ ...y, data: Float64Array.from(y.data) });
  const width = other.rows;
  const projected = multiplyTransposed(x, other); // [x.rows, width], columns of mean 0
  const gram = gramMatrix(projected, x.rows, width);
  return (rows) => {
    const left = gram.slice();
    const leftOut = complement(rows, x.rows);
    const sum = new Float64Array(width);
    for (const row of leftOut) {
      const values = projected.subarray(row * width, (row + 1) * width);
      subtractOuter(left, values, 1);
      for (let j = 0; j < width; j++) sum[j]! += values[j]!;
    }
    subtractOuter(left, sum, 1 / rows.length); // the rows that stay have the mean −sum / rows
    const rank = Math.min(rows.length, y.rows) - 1; // of centred rows; what comes after is rounding
    const ascending = symmetricEigenvalues(left, width).sort();
    const largest = ascending.slice(Math.max(0, width - rank));
    return largest.reduce((total, value) => total + Math.sqrt(Math.max(0, value)), 0);
  };
}

/** ZᵀZ of Z [rows, columns]. */
function gramMatrix(z: Float64Array, rows: number, columns: number): Float64Array {
  const flipped = { data: new Float64Array(z.length), rows: columns, columns: rows };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) flipped.data[j * rows + i] = z[i * columns + j]!;
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

function complement(rows: Int32Array, count: number): Int32Array {
  const kept = new Set(rows);
  return Int32Array.from({ length: count }, (_, row) => row).filter((row) => !kept.has(row));
}

/** `features` come less `origin`; means as they were before. */
function moments(features: Features, origin: Float64Array): { means: Float64Array; trace: number } {
  const means = columnMeans(features);
  const trace = sumOfSquares(centre(features, means).data) / (features.rows - 1);
  return { means: means.map((mean, column) => mean + origin[column]!), trace };
}
