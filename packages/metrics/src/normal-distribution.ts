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

/**
 * Quantile of Student's t with `freedom` degrees of freedom: exact for 1 and 2, which have closed forms, and for more by the
 * Cornish–Fisher expansion (Abramowitz & Stegun 26.7.5), within 0.3 % of the exact value at 97.5 %.
 */
export function studentQuantile(probability: number, freedom: number): number {
  const z = normalQuantile(probability);
  if (freedom === 1) return Math.tan(Math.PI * (probability - 0.5));
  if (freedom === 2) return (2 * probability - 1) / Math.sqrt(2 * probability * (1 - probability));
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const fourth = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3 + fourth / freedom ** 4;
}
