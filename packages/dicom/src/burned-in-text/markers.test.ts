import { describe, expect, it } from 'vitest';
import { isMarker } from './markers.ts';

describe('isMarker', () => {
  it.each(['L', 'R', 'left', 'AP', 'PA ERECT', 'WEIGHT-BEARING', 'LAT.', 'R  STANDING'])(
    'takes %s for a marker',
    (text) => {
      expect(isMarker(text, false)).toBe(true);
    },
  );

  it.each(['', ' - ', 'DOE', 'DOE L', 'L 1961-02-03', 'LEE', 'PARR', 'APRIL', 'ERECTO', 'JD', '7'])(
    'does not take "%s" for one',
    (text) => {
      expect(isMarker(text, false)).toBe(false);
    },
  );

  it('takes a part of a marker for one where the text is cut by the edge, or is more than half of it', () => {
    expect(isMarker('ER', true)).toBe(true);
    expect(isMarker('ER', false)).toBe(false);
    expect(isMarker('EREC', false)).toBe(true);
    expect(isMarker('REC', false)).toBe(true);
    expect(isMarker('STA', false)).toBe(false);
  });
});
