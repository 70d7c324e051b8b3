import { createHash } from 'node:crypto';

/** What `learn` gives, learnt again only when `from` changed since the last call by this name. */
export type LearningMemory = <T>(
  name: string,
  from: readonly unknown[],
  learn: () => Promise<T>,
) => Promise<T>;

/** For a process that ingests often: what is learnt from the site's films is learnt once per change of those films. */
export function createLearningMemory(): LearningMemory {
  const kept = new Map<string, { hash: string; value: Promise<unknown> }>();
  return <T>(name: string, from: readonly unknown[], learn: () => Promise<T>) => {
    const hash = createHash('sha256').update(JSON.stringify(from)).digest('hex');
    const known = kept.get(name);
    if (known?.hash === hash) return known.value as Promise<T>;
    const value = learn();
    kept.set(name, { hash, value });
    value.catch(() => kept.delete(name));
    return value;
  };
}
