import { PART_BYTES } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { partCount, partLength } from './parts.ts';

it.each([
  [1, 1, 1],
  [PART_BYTES - 1, 1, PART_BYTES - 1],
  [PART_BYTES, 1, PART_BYTES],
  [PART_BYTES + 1, 2, 1],
  [3 * PART_BYTES, 3, PART_BYTES],
])('cuts %i bytes into %i parts, the last of %i bytes', (size, count, last) => {
  expect(partCount(size)).toBe(count);
  expect(partLength(size, count)).toBe(last);
  expect(() => partLength(size, count + 1)).toThrowError(
    expect.objectContaining({ code: 'PART_OUT_OF_RANGE' }),
  );
});
