import type { Sampler } from '@synspine/gan';
import type { RunOptions } from '../runs/run-options.ts';

/** Which images a release holds: class after class, each as `sample(seed, index, label, ψ)`. */
export type ReleasePlan = { seed: number; psi: number; imagesPerClass: number[]; total: number };

export function planRelease({ syntheticCount, seed, psi }: RunOptions, classes: number): ReleasePlan {
  const share = (label: number) => Math.floor((syntheticCount + classes - 1 - label) / classes);
  const imagesPerClass = Array.from({ length: classes }, (_, label) => share(label));
  return { seed, psi, imagesPerClass, total: syntheticCount };
}

/** The class of the release's image `index`. */
export function labelAt({ imagesPerClass }: ReleasePlan, index: number): number {
  let end = 0;
  return imagesPerClass.findIndex((count) => {
    end += count;
    return index < end;
  });
}

/** Samples images of a release; the same index always gives the same bytes. */
export type ReleaseSampler = {
  classCount: number;
  /** Images [first, first + count) of the release. */
  range(first: number, count: number): Uint8Array;
  /** The first `count` images of one class, or all of them when it has fewer. */
  ofClass(label: number, count: number): Uint8Array;
  dispose(): void;
};

export function createReleaseSampler(sampler: Sampler, plan: ReleasePlan): ReleaseSampler {
  const range = (first: number, count: number) => {
    const labels = Uint8Array.from({ length: count }, (_, i) => labelAt(plan, first + i));
    return sampler.sample({ labels, seed: plan.seed, psi: plan.psi, firstIndex: first });
  };
  return {
    classCount: sampler.classCount,
    range,
    ofClass: (label, count) => {
      const first = plan.imagesPerClass.slice(0, label).reduce((sum, n) => sum + n, 0);
      return range(first, Math.min(count, plan.imagesPerClass[label]!));
    },
    dispose: () => sampler.dispose(),
  };
}
