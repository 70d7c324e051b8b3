import { describe, expect, it } from 'vitest';
import { FIRST_DATE, splitDays, tomorrow } from './days.ts';

describe('splitDays', () => {
  it('halves until single days, and leaves none out', () => {
    const single: string[] = [];
    const halve = (from: string, to: string) => {
      if (from === to) single.push(from);
      else for (const half of splitDays({ from, to })) halve(half.from, half.to);
    };
    halve('20240227', '20240302');
    expect(single).toEqual(['20240227', '20240228', '20240229', '20240301', '20240302']);
    const [early, late] = splitDays({ from: FIRST_DATE, to: tomorrow() });
    expect(early.from < early.to && early.to < late.from && late.from < late.to).toBe(true);
  });

  it('refuses a single day', () => {
    expect(() => splitDays({ from: '20240101', to: '20240101' })).toThrow('PULL_INVALID');
  });
});
