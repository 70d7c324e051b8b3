import { beforeAll, expect, it } from 'vitest';
import { compile, initCompute, liveTensors, tf } from './index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

type State = { w: tf.Tensor; slot: tf.Tensor; fixed: tf.Tensor };

const size = 1024; // floats: enough for a leak of one tensor a call to stand out of the collector's breathing
const start = (): State => ({ w: tf.ones([size]), slot: tf.zeros([size]), fixed: tf.tensor1d([9]) });

function descend(state: State, x: tf.Tensor): State {
  const gradient = tf.grad((w) => w.mul(x).square().sum())(state.w);
  const slot = state.slot.mul(0.9).add(gradient);
  return { w: state.w.sub(slot.mul(1e-3)), slot, fixed: state.fixed };
}

/** Least-squares slope of the resident set over the calls, in bytes a call. */
function slope(samples: { call: number; bytes: number }[]): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [call, bytes] = [mean(samples.map((s) => s.call)), mean(samples.map((s) => s.bytes))];
  const covariance = mean(samples.map((s) => (s.call - call) * (s.bytes - bytes)));
  return covariance / mean(samples.map((s) => (s.call - call) ** 2));
}

const calls = 10_000;
// Bytes a call. A leaked tensor is 4 KiB and its handles; a sound loop measures within ±500.
const slopeMax = 1500;

it.each([
  { xla: false, donate: false },
  { xla: false, donate: true },
  { xla: true, donate: true },
])(
  '10,000 steps that replace their state leave handles and memory flat ($xla, $donate)',
  ({ xla, donate }) => {
    const step = compile(descend, { name: 'leak', xla, ...(donate && { donate: true }) });
    let state = start();
    const samples: { call: number; bytes: number }[] = [];
    const advance = () => {
      const x = tf.fill([size], 0.1);
      const next = step(state, x);
      tf.dispose(x);
      if (!donate) tf.dispose(state);
      state = next;
    };
    for (let i = 0; i < 2000; i++) advance(); // heaps and caches reach their size
    const before = liveTensors();
    for (let call = 0; call < calls; call++) {
      advance();
      if (call % 100 === 0) samples.push({ call, bytes: process.memoryUsage.rss() });
    }
    expect(liveTensors()).toBe(before);
    expect(Array.from(state.fixed.dataSync())).toEqual([9]);
    expect(slope(samples)).toBeLessThan(slopeMax);
  },
);
