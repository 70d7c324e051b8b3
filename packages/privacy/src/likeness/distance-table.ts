import { columnMeans, type Features, squaredDistances } from '@synspine/metrics';
import { aligned } from './aligned.ts';

/** Distances in one embedding between all real films (training ones first), and from them to the synthetic images. */
export type DistanceTable = {
  /** What the embedding is called in reports. */
  name: string;
  /** [real, synthetic] */
  toSynthetic: Float64Array;
  /** [real, real] */
  toReal: Float64Array;
  real: number;
  synthetic: number;
};

export function distanceTable(name: string, real: Features, synthetic: Features): DistanceTable {
  const [films, images] = [wide(real), wide(synthetic)];
  return {
    name,
    toSynthetic: squaredDistances(films, images).map(Math.sqrt),
    toReal: squaredDistances(films, films).map(Math.sqrt),
    real: real.rows,
    synthetic: synthetic.rows,
  };
}

const VARIETY_MIN = 0.25; // of the films' variance; generators that were measured have .5 to .7

/**
 * Distances for {@link closenessShare}, with an empty `toReal`: of the two sets aligned. Where the images hardly differ, what sets them
 * apart is noise, and aligned they would be near anybody; by plain distances all have one nearest patient, which decides nothing.
 */
export function closenessTable(name: string, real: Features, synthetic: Features): DistanceTable {
  const isCollapsed = varianceOf(synthetic) < VARIETY_MIN * varianceOf(real);
  const [films, images] = [real, synthetic].map((set) => wide(isCollapsed ? set : aligned(set)));
  const toSynthetic = squaredDistances(films!, images!).map(Math.sqrt);
  return { name, toSynthetic, toReal: new Float64Array(), real: real.rows, synthetic: synthetic.rows };
}

/** Mean squared distance of the rows from their mean. */
function varianceOf(features: Features): number {
  const means = columnMeans(features);
  const { data, rows, columns } = wide(features);
  return data.reduce((sum, value, at) => sum + (value - means[at % columns]!) ** 2, 0) / rows;
}

const wide = (features: Features) => ({ ...features, data: Float64Array.from(features.data) });

/** Distances of each synthetic image to each patient, by the nearest of the patient's films. [images, patients] */
export type PatientDistances = { values: Float64Array; images: number; patients: number };

/** Distances to the patients of the films `from` … `to` − 1; `patients` names each film's. */
export function distancesToPatients(
  { toSynthetic, synthetic }: DistanceTable,
  patients: readonly string[],
  from: number,
  to: number,
): PatientDistances {
  const names = [...new Set(patients.slice(from, to))];
  const column = new Map(names.map((name, index) => [name, index]));
  const values = new Float64Array(synthetic * names.length).fill(Number.POSITIVE_INFINITY);
  for (let film = from; film < to; film++) {
    const patient = column.get(patients[film]!)!;
    for (let image = 0; image < synthetic; image++) {
      const at = image * names.length + patient;
      values[at] = Math.min(values[at]!, toSynthetic[film * synthetic + image]!);
    }
  }
  return { values, images: synthetic, patients: names.length };
}
