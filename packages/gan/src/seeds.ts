/** Murmur3's finaliser: every input bit reaches every output bit. */
function scramble(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits that depend on every word and on nothing else. Not for secrets. */
export function hash32(...words: number[]): number {
  return words.reduce((h, word) => scramble((Math.imul(h, 0x9e3779b1) + word + 0x7f4a7c15) | 0), 0x243f6a88);
}

/** Uniform in (0, 1], from 32 bits. */
function unit(hash: number): number {
  return (hash + 1) / 2 ** 32;
}

/** Uniform integer in 0..count−1. The bias is below count / 2³². */
export function pick(count: number, ...words: number[]): number {
  return Math.floor((hash32(...words) / 2 ** 32) * count);
}

/** Fills `out` with N(0,1) that depends on the words alone (Box–Muller on counters), so that image i can be drawn without 0..i−1. */
export function fillNormals(out: Float32Array, ...words: number[]): void {
  const key = hash32(...words);
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(unit(hash32(key, i))));
    const angle = 2 * Math.PI * unit(hash32(key, i + 1));
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}

/** What a step's random numbers are for. Each purpose has its own stream. */
export const streams = {
  init: 1,
  batch: 2,
  discriminator: 3,
  generator: 4,
  r1: 5,
  pathLength: 6,
  monitor: 7,
  sample: 8,
  coverage: 9,
} as const;
