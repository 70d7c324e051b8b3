/**
 * Runs `work` on every item, `atOnce` of them at a time; results in the items' order. When one throws, the others' signal is raised, no
 * further one is begun, and the error is thrown once all have ended.
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const results: R[] = [];
  const waiting = [...items.entries()];
  const workThrough = async () => {
    for (let next = waiting.shift(); next && !either.aborted; next = waiting.shift()) {
      const [at, item] = next;
      try {
        results[at] = await work(item, either);
      } catch (error) {
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, workThrough));
  either.throwIfAborted();
  return results;
}
