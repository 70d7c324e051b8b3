/** Uniform numbers in [0, 1) that depend on the seed alone (mulberry32: for shuffles and augmentation, never for keys). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal number from two uniform ones (Box–Muller). */
export function seededNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** 0 … count − 1 again and again, each pass in a new order (Fisher–Yates). */
export function* shuffledForever(count: number, random: () => number): Generator<number, never> {
  const order = Array.from({ length: count }, (_, index) => index);
  for (;;) {
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    yield* order;
  }
}
