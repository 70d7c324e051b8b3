import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, compileCounts, initCompute, tf } from './index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());

/** The warnings that `act` gives rise to. */
async function warningsOf(act: () => void): Promise<(Error & { code?: string })[]> {
  const seen: (Error & { code?: string })[] = [];
  const note = (warning: Error) => void seen.push(warning);
  process.on('warning', note);
  act();
  await new Promise((resolve) => setImmediate(resolve)); // warnings come on the next tick
  process.off('warning', note);
  return seen;
}

describe('traces', () => {
  it('are one for each shape, with a warning at the third and an end at the eighth', async () => {
    let runs = 0;
    const f = compile(
      (x: tf.Tensor) => {
        runs += 1;
        return x.add(1);
      },
      { name: 'shapes' },
    );
    const grow = (from: number, to: number) => {
      for (let size = from; size <= to; size++) {
        f(tf.ones([size])); // grows
        f(tf.zeros([size]));
      }
    };
    expect(await warningsOf(() => grow(1, 2))).toEqual([]);
    const warnings = await warningsOf(() => grow(3, 8));
    expect(warnings.map(({ name, code }) => [name, code])).toEqual([['ComputeWarning', 'SYNSPINE_RETRACE']]);
    const lines = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.endsWith('// grows')) + 1;
    expect(warnings[0]!.message).toMatch(
      new RegExp(`^shapes was traced for 3 .*float32\\[3\\]. At .*retrace.test.ts:${line}$`),
    );
    expect(runs).toBe(8);
    expect(() => f(tf.ones([9]))).toThrow(/shapes was traced for 8 input shapes.*float32\[9\].*float32\[8\]/);
    expect(numbers(f(tf.ones([3])))).toEqual([2, 2, 2]);
  });

  it('are counted, and so are compilations by XLA: both once for a shape, however often the function runs', () => {
    const [plain, fast] = [false, true].map((xla) =>
      compile((x: tf.Tensor) => x.mul(2), { name: 'counted', xla }),
    );
    const before = compileCounts();
    for (const size of [2, 3, 2, 3, 2]) for (const f of [plain!, fast!]) f(tf.ones([size]));
    const after = compileCounts();
    expect(after.traces - before.traces).toBe(4);
    expect(after.xlaCompilations - before.xlaCompilations).toBe(2);
  });

  it('of a function inside another one are part of that one', () => {
    const inner = compile((x: tf.Tensor, list: tf.Tensor[]) => ({ y: x.add(list[0]!), list }), {
      name: 'inner',
    });
    const middle = compile((p: { x: tf.Tensor }) => inner(p.x, [p.x, p.x.neg()]), { name: 'middle' });
    const outer = compile((x: tf.Tensor) => ({ first: middle({ x }), second: inner(x, [x]) }), {
      name: 'outer',
    });
    const before = compileCounts();
    const { first, second } = outer(tf.tensor1d([3]));
    expect([first.y, ...first.list, second.y, ...second.list].map(numbers)).toEqual([
      [6],
      [3],
      [-3],
      [6],
      [3],
    ]);
    expect(compileCounts().traces - before.traces).toBe(1);
  });
});
