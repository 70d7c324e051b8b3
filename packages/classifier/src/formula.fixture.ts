import { tf } from '@synspine/compute';
import { torchName, torchShape } from './torchvision-layout.ts';

/** Weights and images by formula, the same as in reference/formula.py. */

export function uniform(count: number, tensor: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let u = Math.imul(i + 1 + 7919 * tensor, 2654435761) >>> 0;
    u = (u ^ (u >>> 15)) >>> 0;
    u = Math.imul(u, 2246822519) >>> 0;
    return ((u ^ (u >>> 13)) >>> 0) / 2 ** 32;
  });
}

/** The state dictionary of torchvision's network; `shapes` are ours, in torchvision's order. */
export function fillState(shapes: Record<string, number[]>): Map<string, { data: Float32Array }> {
  const entries = Object.entries(shapes).map(([name, shape], number) => {
    const ofTorch = torchShape(shape);
    const count = shape.reduce((product, side) => product * side, 1);
    const u = uniform(count, number);
    return [torchName(name), { data: Float32Array.from(u, fillValue(name, count / ofTorch[0]!)) }] as const;
  });
  return new Map(entries);
}

function fillValue(name: string, fanIn: number): (u: number) => number {
  if (name.endsWith('.variance')) return (u) => 0.5 + u;
  if (name.endsWith('.mean')) return (u) => 0.4 * (u - 0.5);
  if (name.endsWith('.weight')) return (u) => (u - 0.5) * Math.sqrt(24 / fanIn);
  if (name.endsWith('.gain')) return (u) => 0.75 + 0.5 * u;
  return (u) => 0.2 * (u - 0.5);
}

/** [count, side, side, 1] in [−1, 1]. */
export function formulaImages(count: number, side: number): tf.Tensor4D {
  const values = Float32Array.from({ length: count * side ** 2 }, (_, at) => {
    const [i, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
    return Math.sin(0.13 * x + i) * Math.cos(0.09 * y - i);
  });
  return tf.tensor4d(values, [count, side, side, 1]);
}
