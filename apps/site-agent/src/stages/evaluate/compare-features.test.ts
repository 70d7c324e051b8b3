import { expect, it } from 'vitest';
import type { FilmSet } from '../../films/film-set.ts';
import { equalSets } from './compare-features.ts';

/** Films of one pixel, its value their number. */
function films(normal: number, abnormal: number): FilmSet {
  const numbers = Array.from({ length: normal + abnormal }, (_, i) => i);
  return {
    size: 1,
    count: numbers.length,
    pixels: Uint8Array.from(numbers),
    classNames: ['normal', 'abnormal'],
    labels: Uint8Array.from(numbers, (i) => (i < normal ? 0 : 1)),
    patients: numbers.map((i) => `p${i}`),
    pixelSha256: numbers.map(String),
  };
}
const countsOf = ({ labels }: { labels: Uint8Array }) =>
  [0, 1].map((label) => labels.filter((other) => other === label).length);

it('compares as many images of each class in all three sets, though the release has fewer than the hold-out', () => {
  const sets = { heldOut: films(20, 16), synthetic: films(8, 16), train: films(60, 50) };
  const equal = equalSets(sets);
  expect([equal.heldOut, equal.synthetic, equal.train].map(countsOf)).toEqual(Array(3).fill([8, 16]));
  expect(equal.heldOut.pixels).toHaveLength(24);
  expect(new Set(equal.heldOut.patients).size).toBe(24);
});

it('leaves a hold-out as it is that the release can match', () => {
  const sets = { heldOut: films(20, 16), synthetic: films(20, 16), train: films(60, 50) };
  expect(equalSets(sets).heldOut).toEqual(sets.heldOut);
});
