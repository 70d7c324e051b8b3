import * as tf from '@tensorflow/tfjs-core';
import { ComputeError } from './compute-error.ts';

/** A tensor, or arrays and plain objects of tensors, nested as you like. */
export type TensorTree = tf.Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree };

/** The leaves in a fixed order (an object's keys sorted), each with its path for messages. */
export function flattenTree(tree: unknown, path: string): { path: string; tensor: tf.Tensor }[] {
  if (tree instanceof tf.Tensor) return [{ path, tensor: tree }];
  if (Array.isArray(tree)) return tree.flatMap((child, index) => flattenTree(child, `${path}[${index}]`));
  if (!isPlainObject(tree)) {
    throw new ComputeError(
      'NOT_A_TENSOR',
      `${path} is ${describe(tree)}. Pass tensors, or arrays and plain objects of tensors.`,
    );
  }
  return Object.keys(tree)
    .sort()
    .flatMap((key) => flattenTree(tree[key], `${path}.${key}`));
}

/** The same tree with its leaves replaced, in flattenTree's order. */
export function mapTree(tree: unknown, replacements: Iterator<tf.Tensor>): unknown {
  if (tree instanceof tf.Tensor) return replacements.next().value;
  if (Array.isArray(tree)) return tree.map((child) => mapTree(child, replacements));
  const source = tree as Record<string, unknown>;
  const mapped = new Map(
    Object.keys(source)
      .sort()
      .map((key) => [key, mapTree(source[key], replacements)]),
  );
  // Keys keep the order in which the caller wrote them.
  return Object.fromEntries(Object.keys(source).map((key) => [key, mapped.get(key)]));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : String(value);
}
