import type { Sampler } from '@synspine/gan';
import type { RunOptions } from '../runs/run-options.ts';

/**
 * Which images a release may hold. Of each class, candidates are looked at in order until enough have passed the
 * filters: candidate k of class c is `sample(generator, seed, c · stride + k, c, ψ)`.
 */
export type ReleasePlan = {
  seed: number;
  psi: number;
  imagesPerClass: number[];
  total: number;
  stride: number;
};

/** A generator of which more is rejected isn't worth a release. Of two classes a judge agrees by chance with half. */
const REJECTED_MAX = 0.75;
const BLOCK = 64; // images sampled at once; a stride of whole blocks samples none of them twice

export function planRelease({ syntheticCount, seed, psi }: RunOptions, classes: number): ReleasePlan {
  const share = (label: number) => Math.floor((syntheticCount + classes - 1 - label) / classes);
  const imagesPerClass = Array.from({ length: classes }, (_, label) => share(label));
  const stride = BLOCK * Math.ceil(Math.max(...imagesPerClass) / (1 - REJECTED_MAX) / BLOCK);
  return { seed, psi, imagesPerClass, total: syntheticCount, stride };
}

/** Candidates of one class. `rejected` holds a bit each, the least significant first, 1 for rejected, as base64. */
export type Candidates = { drawn: number; rejected: string };

/** `keep` has a byte a candidate: 1 to keep it. */
export function packCandidates(keep: Uint8Array): Candidates {
  const bits = new Uint8Array(Math.ceil(keep.length / 8));
  for (const [k, kept] of keep.entries()) if (!kept) bits[k >> 3]! |= 1 << (k & 7);
  return { drawn: keep.length, rejected: Buffer.from(bits).toString('base64') };
}

/** Numbers of the candidates that were kept, in order. */
export function keptCandidates({ drawn, rejected }: Candidates): number[] {
  const bits = Buffer.from(rejected, 'base64');
  const isKept = (k: number) => (((bits[k >> 3] ?? 0) >> (k & 7)) & 1) === 0;
  return Array.from({ length: drawn }, (_, k) => k).filter(isKept);
}

/** Candidates [first, first + count) of a class. */
export function sampleCandidates(
  sampler: Sampler,
  { seed, psi, stride }: ReleasePlan,
  label: number,
  { first, count }: { first: number; count: number },
): Uint8Array {
  const labels = new Uint8Array(count).fill(label);
  return sampler.sample({ labels, seed, psi, firstIndex: label * stride + first });
}

/** One image of the release: its class, its `index` in the seed's sequence and size² gray bytes. */
type ReleaseImage = { label: number; index: number; gray: Uint8Array };

/** Samples images of a release; the same index always gives the same bytes. */
export type ReleaseSampler = {
  classCount: number;
  /** The first `count` images of one class, or all of them when it has fewer. */
  ofClass(label: number, count: number): Uint8Array;
  /** Every image of the release, class after class. */
  images(): Generator<ReleaseImage>;
  dispose(): void;
};

export function createReleaseSampler(
  sampler: Sampler,
  plan: ReleasePlan,
  candidates: readonly Candidates[],
): ReleaseSampler {
  const kept = candidates.map(keptCandidates);
  function* ofClass(label: number): Generator<ReleaseImage> {
    for (let first = 0; first < candidates[label]!.drawn; first += BLOCK) {
      const block = sampleCandidates(sampler, plan, label, { first, count: BLOCK });
      const area = block.length / BLOCK;
      for (const k of kept[label]!.filter((number) => number >= first && number < first + BLOCK)) {
        const gray = block.slice((k - first) * area, (k - first + 1) * area);
        yield { label, index: label * plan.stride + k, gray };
      }
    }
  }
  return {
    classCount: sampler.classCount,
    ofClass: (label, count) => {
      const images: Uint8Array[] = [];
      const wanted = Math.min(count, kept[label]!.length);
      for (const { gray } of wanted > 0 ? ofClass(label) : []) if (images.push(gray) >= wanted) break;
      return new Uint8Array(Buffer.concat(images));
    },
    *images() {
      for (const label of candidates.keys()) yield* ofClass(label);
    },
    dispose: () => sampler.dispose(),
  };
}
