import { expect, it } from 'vitest';
import { isDue, WAIT_MAX_MS } from './run-state.ts';

const now = Date.parse('2026-12-01T00:00:00Z');
const ahead = (ms: number) => new Date(now + ms).toISOString();

it.each([
  ['no time', null, true],
  ['a time that has come', ahead(0), true],
  ['a time to come', ahead(1), false],
  ['the longest wait', ahead(WAIT_MAX_MS), false],
  ['a longer one, which only a wrong clock writes', ahead(WAIT_MAX_MS + 1), true],
  ['next year', ahead(365 * 86_400_000), true],
  ['no date', 'soon', true],
])('with %s a stage is due: %s, %s', (_, notBefore, expected) => {
  expect(isDue(notBefore, now)).toBe(expected);
});
