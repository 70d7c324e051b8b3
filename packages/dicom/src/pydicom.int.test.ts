import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, compareWithPydicom } from './fixtures/compare-with-pydicom.ts';

const root = resolve(import.meta.dirname, '../../..');
/** Real films, where a developer has them beside the repository. */
const films = resolve(root, '../shared/data/spine-radiographs');
const folders = existsSync(films) ? [films] : [];

let files: Comparison[];
beforeAll(async () => {
  files = await compareWithPydicom(folders);
}, 900_000); // the first time it fetches pydicom

const isGray = ({ pixels }: Comparison) => pixels?.photometric.startsWith('MONOCHROME') ?? false;
const isLossy = ({ pixels }: Comparison) => /\.4\.(50|51|81|91|203)$/.test(pixels?.syntax ?? '');
const names = (list: Comparison[]) => list.map(({ name }) => name.split('/').at(-1)!).sort();

describe("pydicom's test files and the shared films", () => {
  it('are there', () => {
    expect(files.filter(({ pixels }) => pixels).length).toBeGreaterThanOrEqual(160 + 468 * folders.length);
  });

  it('have equal gray values in both decoders: exactly, or within 1 after lossy compression', () => {
    const gray = files.filter((file) => isGray(file) && file.verdict !== 'refused');
    expect(gray.length).toBeGreaterThan(80);
    expect(names(gray.filter((file) => file.verdict === 'differs'))).toEqual([]);
    expect(names(gray.filter((file) => file.verdict === 'near' && !isLossy(file)))).toEqual([]);
  });

  it('are refused by us alone only where a film has 1 or 32 bits, or colours that no radiograph has', () => {
    const refused = files.filter(({ verdict, pixels }) => verdict === 'refused' && pixels);
    const gray = refused.filter(isGray);
    expect(new Set(gray.map(({ code }) => code))).toEqual(new Set(['UNSUPPORTED_BIT_DEPTH']));
    expect(names(gray).map((name) => name.replace(/_.*|\.dcm/, ''))).toEqual([
      ...['liver', 'liver', 'liver', 'liver'],
      ...['rtdose', 'rtdose', 'rtdose', 'rtdose', 'rtdose', 'rtdose'],
    ]);
  });

  it('differ only in coloured JPEG, whose chroma the decoders spread differently', () => {
    const differing = files.filter(({ verdict }) => verdict === 'differs');
    expect(new Set(differing.map(({ pixels }) => pixels!.syntax))).toEqual(
      new Set(['1.2.840.10008.1.2.4.50']),
    );
    expect(differing.every(({ pixels }) => /^(RGB|YBR_FULL)/.test(pixels!.photometric))).toBe(true);
  });

  it('are shown as pydicom shows them, to one gray level, where they say how', () => {
    const shown = files.filter((file) => file.shown !== undefined);
    expect(shown.length).toBeGreaterThanOrEqual(48 + 184 * folders.length);
    const isLike = ({ shown: difference }: Comparison) => typeof difference === 'number' && difference <= 1;
    expect(names(shown.filter((file) => !isLike(file)))).toEqual([]);
  });

  it('are told apart as the decision record says', () => {
    const record = readFileSync(join(root, 'docs/decisions/dicom-decoding.md'), 'utf8');
    const ofWheels = files.filter(({ path }) => !path.startsWith(films));
    for (const row of tabulate(ofWheels)) expect(record).toContain(row);
  });
});

/** Verdict, code and whether pydicom decodes it, with the number of files. */
function tabulate(list: Comparison[]): string[] {
  const counts = new Map<string, number>();
  for (const file of list) {
    const theirs = !file.pixels ? 'no pixels' : isGray(file) ? 'gray' : 'colour';
    const ours = file.code ? `refused ${file.code}` : file.verdict;
    const key = `| ${theirs} | ${ours} |`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ${count} |`);
}
