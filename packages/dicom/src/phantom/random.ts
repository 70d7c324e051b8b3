import { createHash } from 'node:crypto';

/** Repeatable random numbers: the same seed gives the same numbers on each machine. */
export type Random = {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Normal with the given spread, cut at 2.5 spreads so that no phantom grows an impossible anatomy. */
  around(mean: number, spread: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** An independent stream. */
  fork(name: string): Random;
};

export function createRandom(seed: string): Random {
  const next = createStream(seed);
  const between = (low: number, high: number): number => low + (high - low) * next();
  const around = (mean: number, spread: number): number => {
    const z = next() + next() + next() + next() - 2; // four uniforms: variance 1/3, close to normal
    return mean + spread * Math.max(-2.5, Math.min(2.5, z * Math.sqrt(3)));
  };
  return {
    between,
    around,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[Math.floor(next() * choices.length)]!,
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

/** The sfc32 generator: 128 bits of state, passes PractRand, a few nanoseconds a number. */
export function createStream(seed: string): () => number {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number];
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 4294967296;
  };
}
