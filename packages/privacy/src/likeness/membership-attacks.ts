import type { DistanceTable } from './distance-table.ts';

/** An attacker's score of each real film: the higher, the surer that the film was trained on. */
export type Attack = { name: string; scores: Float64Array };

/**
 * Three membership attacks that see only the synthetic images (and, for the last, other real films):
 * - distance: the nearest synthetic image (Chen et al. 2020, black box);
 * - Monte-Carlo: how many synthetic images lie within a radius (Hilprecht et al. 2019); the radius is the films' median distance to
 *   their nearest 1 %;
 * - density ratio: log density of the synthetic images less that of real films at the film (DOMIAS, van Breugel et al. 2023),
 *   both by Gaussian kernels as wide as the median nearest distance; a film's own patient is left out of the real ones.
 * `patients` names each real film's.
 */
export function membershipAttacks(table: DistanceTable, patients: readonly string[]): Attack[] {
  const { name, toSynthetic, toReal, real, synthetic } = table;
  const rowOf = (distances: Float64Array, row: number, width: number) =>
    distances.subarray(row * width, (row + 1) * width);
  const sorted = patients.map((_, row) => rowOf(toSynthetic, row, synthetic).slice().sort());
  const nearestDistances = sorted.map((distances) => distances[0]!);
  const radius = median(sorted.map((distances) => distances[Math.floor(distances.length / 100)]!));
  const width = median(nearestDistances) || 1; // every film copied exactly: any width tells
  const others = (row: number) =>
    rowOf(toReal, row, real).filter((_, other) => patients[other] !== patients[row]);
  return [
    { name: `distance, ${name}`, scores: Float64Array.from(nearestDistances, (distance) => -distance) },
    {
      name: `Monte-Carlo, ${name}`,
      scores: Float64Array.from(sorted, (distances) => countWithin(distances, radius)),
    },
    {
      name: `density ratio, ${name}`,
      scores: Float64Array.from(
        sorted,
        (distances, row) => logDensity(distances, width) - logDensity(others(row), width),
      ),
    },
  ];
}

function countWithin(distances: Float64Array, radius: number): number {
  return distances.reduce((count, distance) => count + (distance <= radius ? 1 : 0), 0);
}

/** Log of the mean Gaussian kernel, up to a constant, by its largest term so that nothing underflows. */
function logDensity(distances: Float64Array, width: number): number {
  const exponents = distances.map((distance) => -0.5 * (distance / width) ** 2);
  const largest = exponents.reduce((best, exponent) => Math.max(best, exponent), Number.NEGATIVE_INFINITY);
  const sum = exponents.reduce((total, exponent) => total + Math.exp(exponent - largest), 0);
  return largest + Math.log(sum / distances.length);
}

function median(values: readonly number[]): number {
  return Float64Array.from(values).sort()[Math.floor(values.length / 2)]!;
}
