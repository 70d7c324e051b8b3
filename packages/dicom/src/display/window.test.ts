import { describe, expect, it } from 'vitest';
import { applyWindow, type Window } from './window.ts';

const linear: Window = { centre: 2048, width: 4096, function: 'LINEAR' };

describe('a window', () => {
  // The example of PS3.3 C.11.2.1.2.1, note 3, to an output of 0..255.
  it.each([
    [0, 0],
    [1, 1 / 4095],
    [2047.5, 0.5],
    [4095, 1],
    [5000, 1],
    [-5, 0],
  ])('LINEAR 2048/4096 shows %d as %d', (x, y) => expect(applyWindow(x, linear)).toBeCloseTo(y, 12));

  it.each([
    [99, 0],
    [100, 1],
  ])('LINEAR 100/1 is a threshold: %d becomes %d', (x, y) =>
    expect(applyWindow(x, { centre: 100, width: 1, function: 'LINEAR' })).toBe(y),
  );

  it.each([
    [0, 0],
    [1, 1 / 2],
    [2, 1],
  ])('LINEAR 1.5/3, by hand, shows %d as %d', (x, y) =>
    expect(applyWindow(x, { centre: 1.5, width: 3, function: 'LINEAR' })).toBeCloseTo(y, 12),
  );

  it.each([
    [0, 0],
    [25, 0.25],
    [50, 0.5],
    [100, 1],
    [101, 1],
  ])('LINEAR_EXACT 50/100 shows %d as %d', (x, y) =>
    expect(applyWindow(x, { centre: 50, width: 100, function: 'LINEAR_EXACT' })).toBeCloseTo(y, 12),
  );

  it.each([
    [50, 0.5],
    [75, 1 / (1 + Math.exp(-1))],
    [0, 1 / (1 + Math.exp(2))],
  ])('SIGMOID 50/100 shows %d as %d', (x, y) =>
    expect(applyWindow(x, { centre: 50, width: 100, function: 'SIGMOID' })).toBeCloseTo(y, 12),
  );
});
