import { MetricError } from './metric-error.ts';

/** P(Z ≤ z) for a standard normal Z, to about 1e-15 (series φ(z)·Σ z^(2k+1)/(1·3·5…), Marsaglia 2004). */
export function normalCumulative(z: number): number {
  if (z < -8.2) return 0;
  if (z > 8.2) return 1;
  let [sum, term] = [z, z];
  for (let odd = 3; sum + term !== sum; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * z * z) * (1 / Math.sqrt(2 * Math.PI));
}

/** The z with P(Z ≤ z) = probability, for probability in (0, 1), by bisection to the last bit but a few. */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new MetricError('bad-option', `A quantile needs a probability inside (0, 1), not ${probability}.`);
  }
  let [low, high] = [-8.2, 8.2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalCumulative(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const GRID = 4_000;
const MANY = 200; // from here on the expansion is right to 1e-7

/**
 * Quantile of Student's t for a probability in [.5, 1) and any number of degrees of freedom from 1 on, whole or not. With
 * t = √ν·tan θ the density is proportional to cos^(ν−1) θ, summed here over a grid (to about 1e-6); for many degrees of freedom
 * the Cornish–Fisher expansion (Abramowitz & Stegun 26.7.5).
 */
export function studentQuantile(probability: number, freedom: number): number {
  if (!(probability >= 0.5 && probability < 1 && freedom >= 1))
    throw new MetricError('bad-option', 'Student’s t needs a probability in [.5, 1) and freedom from 1 on.');
  const z = normalQuantile(probability);
  if (freedom > MANY)
    return z + (z ** 3 + z) / 4 / freedom + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 / freedom ** 2;
  const step = Math.PI / 2 / GRID;
  const areas = new Float64Array(GRID + 1);
  for (let i = 1; i <= GRID; i++) {
    const at = (index: number) => Math.max(0, Math.cos(index * step)) ** (freedom - 1);
    areas[i] = areas[i - 1]! + (at(i - 1) + 4 * at(i - 0.5) + at(i)) / 6; // Simpson
  }
  const wanted = (2 * probability - 1) * areas[GRID]!;
  const after = areas.findIndex((area) => area >= wanted);
  if (after === 0) return 0;
  const part = (wanted - areas[after - 1]!) / (areas[after]! - areas[after - 1]!);
  return Math.sqrt(freedom) * Math.tan((after - 1 + part) * step);
}
