/** Uniform numbers in [0, 1) that depend on the seed alone (mulberry32, 32 bits of state: for resampling, never for keys). */
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

/** The items in an order that depends on the seed alone (Fisher–Yates); the input isn't changed. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** 0 … count − 1 again and again, each pass in a new order. */
export function* shuffledForever(count: number, random: () => number): Generator<number, never> {
  let order = Array.from({ length: count }, (_, index) => index);
  for (;;) {
    order = shuffled(order, random);
    yield* order;
  }
}
