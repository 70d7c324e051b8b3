import { presets } from '@synspine/gan/presets';
import { describe, expect, it } from 'vitest';
import { isSought, RELEASABLE } from './presets.ts';

describe('presets that a site may release from', () => {
  it('are all but those that repeat the paper as it was printed', () => {
    const others = Object.keys(presets).filter((name) => !RELEASABLE.some((known) => known === name));
    expect(others).toEqual(['published-256', 'published-256-multi']);
  });

  it.each([
    ['stretch', { anisotropyLog2: 0.1 }],
    ['turn by more than 12°', { rotationDegrees: 13 }],
    ['turn by quarters', { quarterTurns: true }],
    ['shift by more than 12 % of the side', { shift: 0.125 }],
    ['scale without a bound', { scaleLog2: 0.2, scaleLog2Max: undefined, distribution: 'normal' }],
    ['scale by more than a quarter', { scaleLog2: 0.4, scaleLog2Max: undefined, distribution: 'uniform' }],
  ] as const)('don’t %s', (_, change) => {
    const { augment } = presets['paper-256'];
    expect(isSought(augment)).toBe(true);
    expect(isSought({ ...augment, ...change })).toBe(false);
  });
});
