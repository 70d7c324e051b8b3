import { backend } from '../../packages/compute/src/backend.ts';

/** Adds up, from now on, the seconds spent on tracing and on every function's first call, in which TensorFlow plans it or XLA compiles it. */
export function watchCompilation() {
  const { binding } = backend();
  const called = new Set<string>();
  let [traceS, firstCallS, traceBegan] = [0, 0, 0];
  const { traceBegin, traceEnd, callFunction } = binding;
  Object.assign(binding, {
    traceBegin(...args: Parameters<typeof traceBegin>) {
      traceBegan = performance.now();
      traceBegin.apply(binding, args);
    },
    traceEnd(...args: Parameters<typeof traceEnd>) {
      const nodes = traceEnd.apply(binding, args);
      traceS += (performance.now() - traceBegan) / 1000;
      return nodes;
    },
    callFunction(...args: Parameters<typeof callFunction>) {
      if (called.has(args[0])) return callFunction.apply(binding, args);
      called.add(args[0]);
      const begin = performance.now();
      const results = callFunction.apply(binding, args);
      firstCallS += (performance.now() - begin) / 1000;
      return results;
    },
  });
  return { figures: () => ({ traceS, firstCallS }) };
}
