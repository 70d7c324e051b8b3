import { beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  foldSeed,
  initCompute,
  type Seed,
  statelessInt,
  statelessNormal,
  statelessUniform,
  tf,
} from './index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const seed = (a: number, b: number) => tf.tensor1d([a, b], 'int32');
const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());

/** Correlation of two uniform samples in standard errors: beyond ±4 only by a flaw. */
function correlation(a: number[], b: number[]): number {
  const sum = a.reduce((total, value, i) => total + (value - 0.5) * (b[i]! - 0.5), 0);
  return (12 * sum) / Math.sqrt(a.length);
}

describe('stateless random numbers', () => {
  it('are the same for the same seed and differ for another', () => {
    const draw = (s: Seed) => numbers(statelessNormal([3, 5], s));
    expect(draw(seed(1, 2))).toEqual(draw(seed(1, 2)));
    expect(draw(seed(1, 2))).not.toEqual(draw(seed(1, 3)));
    expect(draw(seed(1, 2))).not.toEqual(draw(seed(2, 1)));
  });

  it('stay what they were when this was written, so that old runs can be resumed', () => {
    expect(numbers(statelessInt([6], seed(2023, 7), 0, 1000))).toEqual([743, 141, 245, 863, 865, 485]);
  });

  it.each([false, true])('are the same traced (xla: %s) as eagerly', (xla) => {
    const draw = (s: Seed) => ({
      uniform: statelessUniform([1001], foldSeed(s, 0), -2, 3),
      int: statelessInt([1001], foldSeed(s, 1), -5, 5),
      normal: statelessNormal([1001], foldSeed(s, 2)),
    });
    const expected = draw(seed(4, -9));
    const actual = compile(draw, { name: 'draw', xla })(seed(4, -9));
    expect(numbers(actual.int)).toEqual(numbers(expected.int));
    for (const kind of ['uniform', 'normal'] as const) {
      const difference = actual[kind].sub(expected[kind]).abs().max().dataSync()[0]!;
      expect(difference).toBeLessThan(1e-5);
    }
  });

  it('are new on each call of a traced function that is given a new seed', () => {
    const draw = compile((s: Seed) => statelessUniform([4], s), { name: 'fresh' });
    expect(numbers(draw(seed(0, 0)))).not.toEqual(numbers(draw(seed(0, 1))));
  });

  it('have the moments of a normal distribution', () => {
    const z = statelessNormal([100_000], seed(5, 6));
    const mean = (power: number) => z.pow(power).mean().dataSync()[0]!;
    // Four standard errors: sqrt(1 / n), sqrt(2 / n), sqrt(15 / n), sqrt(96 / n).
    expect(Math.abs(mean(1))).toBeLessThan(0.013);
    expect(Math.abs(mean(2) - 1)).toBeLessThan(0.018);
    expect(Math.abs(mean(3))).toBeLessThan(0.049);
    expect(Math.abs(mean(4) - 3)).toBeLessThan(0.124);
  });

  it('fill [min, max) evenly, whole numbers too', () => {
    const uniform = numbers(statelessUniform([65_536], seed(8, 8)));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const counts = new Array(7).fill(0);
    for (const value of numbers(statelessInt([70_000], seed(8, 9), -3, 4))) counts[value + 3] += 1;
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(22.5); // 6 degrees of freedom: exceeded once in 1,000 seeds
  });

  it('are uncorrelated between neighbouring seeds, sub-seeds and positions', () => {
    const draw = compile((s: Seed) => statelessUniform([50_000], s), { name: 'streams' });
    const base = numbers(draw(seed(10, 20)));
    const others = [
      seed(10, 21),
      seed(11, 20),
      seed(9, 20),
      seed(11, 19),
      foldSeed(seed(10, 20), 0),
      foldSeed(seed(10, 20), 1),
    ];
    for (const other of others) expect(Math.abs(correlation(base, numbers(draw(other))))).toBeLessThan(4);
    for (const lag of [1, 2, 1024]) expect(Math.abs(correlation(base.slice(lag), base))).toBeLessThan(4);
  });

  it('refuses a range that can not be drawn from', () => {
    expect(() => statelessInt([1], seed(0, 0), 3, 3)).toThrow(/statelessInt/);
    expect(() => statelessInt([1], seed(0, 0), 0, 2 ** 24 + 1)).toThrow(/statelessInt/);
    expect(numbers(statelessInt([1], seed(0, 0), 0, 2 ** 24)).length).toBe(1);
  });
});
