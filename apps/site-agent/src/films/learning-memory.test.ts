import { describe, expect, it } from 'vitest';
import { createLearningMemory } from './learning-memory.ts';

describe('a learning memory', () => {
  it('learns once from the same films, again when they change, and each thing by its name', async () => {
    const memory = createLearningMemory();
    const learnt: string[] = [];
    const learn = (name: string, films: string[]) =>
      memory(name, films, async () => learnt.push(`${name}: ${films.join(' ')}`));
    expect(await learn('views', ['a', 'b'])).toBe(1);
    expect(await learn('views', ['a', 'b'])).toBe(1);
    await learn('look', ['a', 'b']);
    await learn('views', ['a', 'b', 'c']);
    await learn('look', ['a', 'b']);
    expect(learnt).toEqual(['views: a b', 'look: a b', 'views: a b c']);
  });

  it('does not keep a failure', async () => {
    const memory = createLearningMemory();
    const fail = () => Promise.reject(new Error('a film is missing'));
    await expect(memory('views', [1], fail)).rejects.toThrow('missing');
    expect(await memory('views', [1], async () => 'learnt')).toBe('learnt');
  });
});
