import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, downsample2, initCompute, lrelu, softplusStable, tf, upsample2 } from './index.ts';
import { cpuHasBfloat16 } from './precision.ts';

/*
 * A whole training step of a tiny conditional-free GAN: modulated convolution, D and G losses, second-order R1 penalty and Adam's
 * second moment. Eager, traced and XLA must agree, because everything built on compile() rests on that.
 */
type Weights = { [name: string]: tf.Tensor };

const he = (w: tf.Tensor) => w.mul(1 / Math.sqrt(w.shape.slice(0, -1).reduce((a, b) => a * b, 1)));

function generate(g: Weights, z: tf.Tensor): tf.Tensor4D {
  const style = tf.matMul(z as tf.Tensor2D, he(g.style!) as tf.Tensor2D).add(1); // [2, 4]
  let x = tf.mul(g.const!, tf.ones([2, 1, 1, 1])) as tf.Tensor4D; // [2, 4, 4, 4]
  x = upsample2(x);
  const modulated = tf.mul(x, style.reshape([2, 1, 1, 4])) as tf.Tensor4D;
  const energy = tf.matMul(style.square() as tf.Tensor2D, he(g.conv!).square().sum([0, 1]) as tf.Tensor2D);
  const y = tf
    .conv2d(modulated, he(g.conv!) as tf.Tensor4D, 1, 'same')
    .mul(energy.add(1e-8).rsqrt().reshape([2, 1, 1, 4]));
  return tf.conv2d(lrelu(y as tf.Tensor4D), he(g.rgb!) as tf.Tensor4D, 1, 'same'); // [2, 8, 8, 1]
}

function judge(d: Weights, x: tf.Tensor): tf.Tensor {
  const h = lrelu(tf.conv2d(x as tf.Tensor4D, he(d.conv!) as tf.Tensor4D, 1, 'same').add(d.bias!));
  const flat = downsample2(h as tf.Tensor4D).reshape([2, -1]);
  return tf.matMul(flat as tf.Tensor2D, he(d.out!) as tf.Tensor2D).reshape([2]); // [2]
}

function descend(weights: Weights, slots: Weights, loss: (weights: Weights) => tf.Scalar) {
  const names = Object.keys(weights);
  const named = (values: tf.Tensor[]) => Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => loss(named(values)))(
    names.map((n) => weights[n]!),
  );
  const moments = grads.map((gradient, i) => slots[names[i]!]!.mul(0.99).add(gradient.square().mul(0.01)));
  const next = grads.map((gradient, i) =>
    weights[names[i]!]!.sub(gradient.mul(0.02).div(moments[i]!.sqrt().add(1e-8))),
  );
  return { loss: value as tf.Tensor, weights: named(next), slots: named(moments) };
}

function step(state: { g: Weights; gs: Weights; d: Weights; ds: Weights }, real: tf.Tensor, z: tf.Tensor) {
  const fake = generate(state.g, z);
  const d = descend(state.d, state.ds, (weights) => {
    const adversarial = softplusStable(judge(weights, fake))
      .add(softplusStable(judge(weights, real).neg()))
      .mean();
    const slope = tf.grad((x) => judge(weights, x).sum())(real);
    return adversarial.add(slope.square().sum([1, 2, 3]).mean().mul(5)) as tf.Scalar;
  });
  const g = descend(
    state.g,
    state.gs,
    (weights) => softplusStable(judge(d.weights, generate(weights, z)).neg()).mean() as tf.Scalar,
  );
  return { g: g.weights, gs: g.slots, d: d.weights, ds: d.slots, losses: [d.loss, g.loss] };
}

function start() {
  const wave = (shape: number[], phase: number) =>
    tf
      .sin(
        tf
          .range(
            0,
            shape.reduce((a, b) => a * b),
            1,
          )
          .mul(1.7)
          .add(phase),
      )
      .reshape(shape);
  const g = {
    style: wave([3, 4], 1),
    const: wave([1, 4, 4, 4], 2),
    conv: wave([3, 3, 4, 4], 3),
    rgb: wave([1, 1, 4, 1], 4),
  };
  const d = { conv: wave([3, 3, 1, 4], 5), bias: wave([4], 6), out: wave([64, 1], 7) };
  const zeros = (weights: Weights) =>
    Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));
  return { state: { g, gs: zeros(g), d, ds: zeros(d) }, real: wave([2, 8, 8, 1], 8), z: wave([2, 3], 9) };
}

function train(run: typeof step): number[] {
  const { state, real, z } = start();
  const first = run(state, real, z);
  const { losses, ...rest } = run(first, real, z);
  const tensors = [...losses, ...Object.values(rest).flatMap((weights) => Object.values(weights))];
  return tensors.flatMap((tensor) => Array.from(tensor.dataSync()));
}

describe('a GAN step with gradients, second-order R1 and optimizer', () => {
  let eager: number[];
  beforeAll(() => {
    initCompute({ threads: 2 });
    eager = train(step);
  });

  it('has finite losses and moves its weights', () => {
    expect(eager.every(Number.isFinite)).toBe(true);
    expect(eager.slice(2)).not.toEqual(eager.slice(2).fill(0));
  });

  it('gives the same bytes each time', () => {
    const compiled = compile(step as never, { name: 'gan_step' }) as unknown as typeof step;
    expect(train(compiled)).toEqual(train(compiled));
  });

  it.each([false, true])('gives the eager result when traced (xla: %s)', (xla) => {
    const compiled = compile(step as never, { name: 'gan_step', xla }) as unknown as typeof step;
    const traced = train(compiled);
    expect(traced.length).toBe(eager.length);
    const worst = Math.max(
      ...traced.map((value, i) => Math.abs(value - eager[i]!) / Math.max(1, Math.abs(eager[i]!))),
    );
    expect(worst).toBeLessThan(1e-5);
  });

  it('learns along the same curve in bfloat16 as in float32', () => {
    const curve = (precision: 'float32' | 'bfloat16') => {
      const compiled = compile(step as never, { name: 'gan_step', precision }) as unknown as typeof step;
      const { state, real, z } = start();
      let next: Parameters<typeof step>[0] = state;
      return Array.from({ length: 60 }, () => {
        const { losses, ...rest } = compiled(next, real, z);
        next = rest;
        return losses.map((loss) => loss.dataSync()[0]!);
      });
    };
    const [full, low] = [curve('float32'), curve('bfloat16')];
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const lossOf = (losses: number[][], which: number) => losses.map((pair) => pair[which]!);
    for (const which of [0, 1]) {
      const [a, b] = [lossOf(full, which), lossOf(low, which)];
      expect(Math.abs(a[0]! - b[0]!)).toBeLessThan(0.05); // one forward pass: bfloat16 keeps 8 bits
      expect(mean(a.map((loss, i) => Math.abs(loss - b[i]!)))).toBeLessThan(0.05);
      expect(Math.abs(mean(a.slice(-20)) - mean(b.slice(-20)))).toBeLessThan(0.05);
    }
    expect(lossOf(low, 0).at(-1)!).toBeLessThan(low[0]![0]! - 0.4); // it did learn: 1.96 → 1.35
    expect(isDeepStrictEqual(full, low)).toBe(!cpuHasBfloat16(readFileSync('/proc/cpuinfo', 'utf8')));
  });
});
