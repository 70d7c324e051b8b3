import { MetricError } from './metric-error.ts';

/** A set of feature vectors: `data` is row-major [rows, columns], one row per image. */
export type Features = { data: Float32Array | Float64Array; rows: number; columns: number };

/** Throws a MetricError unless the two sets have the same width, at least two finite rows each, and full buffers. */
export function assertComparable(real: Features, fake: Features): void {
  assertFeatures(real, 'real');
  assertFeatures(fake, 'fake');
  if (real.columns !== fake.columns) {
    throw new MetricError(
      'shape-mismatch',
      `Real features have ${real.columns} columns and fake ones ${fake.columns}; extract both with the same network.`,
    );
  }
}

function assertFeatures(features: Features, name: string): void {
  const { data, rows, columns } = features;
  if (columns < 1 || data.length !== rows * columns) {
    throw new MetricError(
      'shape-mismatch',
      `The ${name} features hold ${data.length} values, not ${rows} × ${columns}; pass rows and columns of the buffer.`,
    );
  }
  if (rows < 2) {
    throw new MetricError('too-few-samples', `The ${name} set has ${rows} rows; pass at least two images.`);
  }
  if (!data.every(Number.isFinite)) {
    throw new MetricError(
      'not-finite',
      `The ${name} features hold NaN or infinity; check the images and the network.`,
    );
  }
}

/** Throws unless both sets have the same number of rows: k-NN scores of unequal sets can't be compared. */
export function assertEqualCounts(real: Features, fake: Features): void {
  if (real.rows !== fake.rows) {
    throw new MetricError(
      'unequal-counts',
      `Manifold scores need equal counts, not ${real.rows} real and ${fake.rows} fake; sample the larger set down.`,
    );
  }
}

/** The chosen rows, in the order given, as a new set. */
export function selectRows(features: Features, rows: ArrayLike<number>): Features {
  const { columns } = features;
  const data = new Float64Array(rows.length * columns);
  for (let index = 0; index < rows.length; index++) {
    const start = rows[index]! * columns;
    data.set(features.data.subarray(start, start + columns), index * columns);
  }
  return { data, rows: rows.length, columns };
}

/** The rows of one set, then those of another as wide. → float64 */
export function joinRows(first: Features, second: Features): Features {
  const data = new Float64Array(first.data.length + second.data.length);
  data.set(first.data);
  data.set(second.data, first.data.length);
  return { data, rows: first.rows + second.rows, columns: first.columns };
}

/** Column means in float64. → [columns] */
export function columnMeans(features: Features): Float64Array {
  const { data, rows, columns } = features;
  const means = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) means[column]! += data[at++]!;
  }
  return means.map((sum) => sum / rows);
}

/** The same rows in float64 with `means` subtracted. */
export function centre(features: Features, means: Float64Array): Features & { data: Float64Array } {
  const { rows, columns } = features;
  const data = Float64Array.from(features.data);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) data[at++]! -= means[column]!;
  }
  return { data, rows, columns };
}

/** Features in float64, unchanged when they already are. */
export function toFloat64(features: Features): Features & { data: Float64Array } {
  const { data } = features;
  return { ...features, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}
