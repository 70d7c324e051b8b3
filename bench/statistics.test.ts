import { expect, test } from 'vitest';
import { summarize } from './statistics.ts';

test('the median of an even number of rounds is the mean of the middle two', () => {
  expect(summarize([4, 1, 10, 2])).toEqual({ median: 3, min: 1, max: 10, rounds: 4 });
});

test('no undisturbed round is an error, not a number', () => {
  expect(() => summarize([])).toThrow('other processes');
});
