import { type Features, squaredDistances } from '@synspine/metrics';

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
  const films = { ...real, data: Float64Array.from(real.data) };
  const images = { ...synthetic, data: Float64Array.from(synthetic.data) };
  return {
    name,
    toSynthetic: squaredDistances(films, images).map(Math.sqrt),
    toReal: squaredDistances(films, films).map(Math.sqrt),
    real: real.rows,
    synthetic: synthetic.rows,
  };
}

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
