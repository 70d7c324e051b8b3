import { expect, it } from 'vitest';
import { createMissingFinder } from './missing-files.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => `X${i}`);

it('names past 100,000 in one ingest are neither kept nor looked for, but counted', () => {
  const finder = createMissingFinder();
  expect([60_000, 60_000, 5].map((count) => finder.takes(names(count)))).toEqual([true, true, false]);
  const looks: string[] = [];
  const find = (directory: string, of: readonly string[] | number) =>
    finder.find(directory, of, (file) => {
      looks.push(file);
      return false;
    });
  expect(find('DICOMDIR', names(999))).toHaveLength(999);
  expect(find('A/DICOMDIR', names(3))).toEqual([
    { file: 'A/X0', code: 'FILE_MISSING' },
    { file: 'A/DICOMDIR/*', code: 'FILES_MISSING', count: 2 },
  ]);
  expect(looks.slice(-2)).toEqual(['A/x2', 'A/x2;1']);
  const before = looks.length;
  expect(find('B/DICOMDIR', 5)).toEqual([{ file: 'B/DICOMDIR/*', code: 'FILES_MISSING', count: 5 }]);
  expect(looks.length).toBe(before);
});
