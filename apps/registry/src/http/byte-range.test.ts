import { expect, it } from 'vitest';
import { readRange } from './byte-range.ts';

it.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-99', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=9-9', { start: 9, end: 9 }],
])('reads %s of a 10-byte file', (header, range) => {
  expect(readRange(header, 10)).toEqual(range);
});

it.each([undefined, '', 'bytes=-', 'bytes=5-2', 'items=0-1', 'bytes=0-1,3-4', 'bytes=a-b'])(
  'answers %s with the whole file',
  (header) => {
    expect(readRange(header, 10)).toBeUndefined();
  },
);

it.each(['bytes=10-', 'bytes=10-12', 'bytes=-0'])('refuses %s, which lies outside the file', (header) => {
  expect(() => readRange(header, 10)).toThrowError(
    expect.objectContaining({ code: 'RANGE_NOT_SATISFIABLE' }),
  );
});
