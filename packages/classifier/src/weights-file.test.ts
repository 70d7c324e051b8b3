import { initCompute, writeSafetensors } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { initParameters } from './architecture.ts';
import { drawCurves } from './curves.fixture.ts';
import { predict } from './predict.ts';
import { decodeClassifier, encodeClassifier } from './weights-file.ts';

beforeAll(() => void initCompute());

const members = [1, 2].map((seed) => initParameters('small-cnn', 32, 2, seed));
const description = { architecture: 'small-cnn', imageSize: 32, classes: 2, seeds: 2 };
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a weights file', () => {
  it('gives back the ensemble bit for bit, the same bytes each time', () => {
    const bytes = encodeClassifier(members);
    const read = decodeClassifier(bytes, description);
    for (const [i, member] of members.entries())
      for (const [name, values] of Object.entries(member.weights))
        expect(Buffer.from(read[i]!.weights[name]!.buffer).equals(Buffer.from(values.buffer))).toBe(true);
    expect(Buffer.from(encodeClassifier(read)).equals(Buffer.from(bytes))).toBe(true);
  });

  it('is an ensemble whose score is the mean of its members’', () => {
    const { images } = drawCurves(3, 32, 1);
    const each = members.map((member) => predict(member, images));
    predict(members, images).forEach((p, i) => {
      expect(p).toBeCloseTo((each[0]![i]! + each[1]![i]!) / 2, 6);
    });
  });

  it.each([
    ['another architecture', { architecture: 'resnet' }, 'UNKNOWN_ARCHITECTURE'],
    ['an inherited name as architecture', { architecture: 'constructor' }, 'UNKNOWN_ARCHITECTURE'],
    ['another size', { imageSize: 64 }, 'NAMES_UNEXPECTED'],
    ['an impossible size', { imageSize: 33 }, 'SIZE_UNSUPPORTED'],
    ['more classes', { classes: 3 }, 'SHAPE_UNEXPECTED'],
    ['more members', { seeds: 3 }, 'NAMES_UNEXPECTED'],
    ['fewer members', { seeds: 1 }, 'NAMES_UNEXPECTED'],
  ])('is refused as %s', (_, change, code) => {
    expect(codeOf(() => decodeClassifier(encodeClassifier(members), { ...description, ...change }))).toBe(
      code,
    );
  });

  it('is refused when it is cut, too long, or holds a number that is none', () => {
    const bytes = encodeClassifier(members);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(codeOf(() => decodeClassifier(bytes.subarray(0, -1), description))).toBe('LENGTH_MISMATCH');
    expect(codeOf(() => decodeClassifier(longer, description))).toBe('LENGTH_MISMATCH');
    const broken = bytes.slice();
    new DataView(broken.buffer).setFloat32(broken.length - 4, Number.NaN, true);
    expect(codeOf(() => decodeClassifier(broken, description))).toBe('NOT_FINITE');
    expect(codeOf(() => decodeClassifier(writeSafetensors({}), description))).toBe('NAMES_UNEXPECTED');
  });
});
