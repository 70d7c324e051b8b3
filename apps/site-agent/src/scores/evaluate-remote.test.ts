import { describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { SiteError } from '../site-error.ts';
import { answerEach } from './evaluate-remote.ts';

const tasks = ['a', 'b', 'c'].map((id) => ({ id }));

/** Answers all but `b`; what was tried, and what the log got. */
function prepare() {
  const tried: string[] = [];
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const answer = async ({ id }: { id: string }) => {
    tried.push(id);
    if (id === 'b') throw new SiteError('REGISTRY_UNREACHABLE');
  };
  return { tried, lines, log, answer };
}

describe('tasks', () => {
  it('are each tried, and the fault of one is told by its code and thrown after them', async () => {
    const { tried, lines, log, answer } = prepare();
    const { signal } = new AbortController();
    await expect(answerEach(tasks, answer, { signal, log })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
    expect(tried).toEqual(['a', 'b', 'c']);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { taskId: 'b', code: 'REGISTRY_UNREACHABLE' },
    ]);
  });

  it('are left when the agent is stopped', async () => {
    const { tried, lines, log, answer } = prepare();
    const stop = new AbortController();
    const stopped = async (task: { id: string }) => {
      if (task.id === 'b') stop.abort();
      await answer(task);
    };
    await expect(answerEach(tasks, stopped, { signal: stop.signal, log })).rejects.toThrow(/abort/i);
    expect([tried, lines]).toEqual([['a', 'b'], []]);
  });
});
