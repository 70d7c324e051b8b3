import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sideBySide } from './side-by-side.ts';

const never = new AbortController().signal;

describe('work side by side', () => {
  it('answers in order, and never has more at once than allowed', async () => {
    let [running, most] = [0, 0];
    const work = async (item: number) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(30 - 5 * item);
      running -= 1;
      return 10 * item;
    };
    expect(await sideBySide([1, 2, 3, 4, 5], 2, never, work)).toEqual([10, 20, 30, 40, 50]);
    expect(most).toBe(2);
  });

  it('ends the others when one fails, begins no further one, and throws its error', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = async (item: number, signal: AbortSignal) => {
      begun.push(item);
      if (item === 1) throw new Error('one');
      await sleep(60_000, undefined, { signal }).catch(() => ended.push(item));
    };
    await expect(sideBySide([0, 1, 2, 3], 2, never, work)).rejects.toThrow('one');
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([0]);
  });

  it('begins nothing once it is told to stop', async () => {
    const begun: number[] = [];
    const work = async (item: number) => void begun.push(item);
    await expect(sideBySide([1, 2], 1, AbortSignal.abort(new Error('stop')), work)).rejects.toThrow('stop');
    expect(begun).toEqual([]);
  });
});
