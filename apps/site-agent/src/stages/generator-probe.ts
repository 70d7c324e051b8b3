import type { Sampler } from '@synspine/gan';
import { SiteError } from '../site-error.ts';

const PER_CLASS = 8;
const SEED = 20_230; // the same latents in each probe, so that grids of one run can be compared

/** Rounding may differ by a level between machines; another network differs by tens. */
const MEAN_DIFFERENCE_MAX = 1;

/**
 * Some samples of a generator, eight a class, as it drew them in the process that trained it. Weights mean something
 * only to the code that they were trained with: the probe tells whether later code still draws the same with them.
 */
export function takeProbe(sampler: Sampler): Uint8Array {
  const labels = Uint8Array.from({ length: sampler.classCount * PER_CLASS }, (_, i) =>
    Math.floor(i / PER_CLASS),
  );
  return sampler.sample({ labels, seed: SEED, psi: 1 });
}

/** Throws GENERATOR_CHANGED when the two probes aren't the same images but for rounding. */
export function assertSameProbe(now: Uint8Array, atTraining: Uint8Array): void {
  const sum = now.reduce((total, value, i) => total + Math.abs(value - atTraining[i]!), 0);
  const isSame = now.length === atTraining.length && sum / now.length <= MEAN_DIFFERENCE_MAX;
  if (!isSame) throw new SiteError('GENERATOR_CHANGED');
}

/** Images in a row of a grid drawn from a probe. */
export const PROBE_COLUMNS = PER_CLASS;
