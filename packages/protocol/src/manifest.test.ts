import { describe, expect, it } from 'vitest';
import { releaseManifest } from './manifest.ts';

const synthetic = releaseManifest.shape.synthetic;
const all = { seed: 7, psi: 1, imagesPerClass: [6, 2] };
/** Of ten candidates of the first class 0, 3, 8 and 9 were rejected, of two of the second none. */
const candidates = {
  stride: 64,
  classes: [
    {
      drawn: 10,
      rejected: Buffer.from([0b00001001, 0b00000011]).toString('base64'),
      rejections: [
        { filter: 'spine', count: 1 },
        { filter: 'label', count: 3 },
      ],
    },
    { drawn: 2, rejected: Buffer.from([0]).toString('base64'), rejections: [] },
  ],
};
const changed = (change: (copy: typeof candidates) => void) => {
  const copy = structuredClone(candidates);
  change(copy);
  return { ...all, candidates: copy };
};

describe('synthetic images of a manifest', () => {
  it('may come without filters, as of an older agent', () => {
    expect(synthetic.safeParse(all).success).toBe(true);
  });

  it('are the candidates less the rejected ones', () => {
    expect(synthetic.safeParse({ ...all, candidates }).success).toBe(true);
  });

  it.each([
    ['a count that the bits do not bear out', changed((copy) => (copy.classes[0]!.rejections[1]!.count = 2))],
    ['more candidates than released and rejected', changed((copy) => (copy.classes[1]!.drawn = 3))],
    ['more candidates than fit below the next class', changed((copy) => (copy.stride = 9))],
    [
      'a rejected candidate that was never drawn',
      changed(
        (copy) => (copy.classes[0]!.rejected = Buffer.from([0b00001001, 0b00100001]).toString('base64')),
      ),
    ],
    ['a class of which no candidates are told', { ...changed(() => undefined), imagesPerClass: [6, 2, 5] }],
    ['a bit map that is no base64', changed((copy) => (copy.classes[0]!.rejected = '§'))],
  ])('refuses %s', (_, document) => {
    expect(synthetic.safeParse(document).success).toBe(false);
  });
});

describe('the files that a site did not take', () => {
  const { refused } = releaseManifest.shape.training.shape;

  it('are told by code and number, or not at all, as by an older agent', () => {
    expect(refused.safeParse([{ code: 'NOT_A_SPINE', count: 3 }]).success).toBe(true);
    expect(refused.safeParse(undefined).success).toBe(true);
  });

  it.each([
    ['a code that is a text', { code: 'Film of somebody', count: 1 }],
    ['a number of none', { code: 'NO_LABEL', count: 0 }],
    ['anything beside', { code: 'NO_LABEL', count: 1, file: 'x' }],
  ])('are refused with %s', (_, entry) => {
    expect(refused.safeParse([entry]).success).toBe(false);
  });
});
