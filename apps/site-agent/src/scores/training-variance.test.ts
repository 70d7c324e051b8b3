import { describe, expect, it } from 'vitest';
import { trainingVariance } from './training-variance.ts';

/** Scores of four positive and five negative films with an AUC of `wins` of 20. */
function scoresWith(wins: number): Float32Array {
  const positive = Array.from({ length: 4 }, (_, i) => Math.min(5, Math.max(0, wins - 5 * i)) + 0.5);
  return Float32Array.from([...positive, 1, 2, 3, 4, 5]);
}
const labels = [...Array(4).fill(true), ...Array(5).fill(false)] as boolean[];
const members = (...wins: number[]) => wins.map(scoresWith);

describe('the variance by training again', () => {
  it('is that between seeds over their number where there is one generator', () => {
    // AUCs .5, .6, .7: variance .01, of a mean of three .01/3
    expect(trainingVariance(members(10, 12, 14), 1, labels)).toBeCloseTo(0.01 / 3, 10);
  });

  it('is that between generators’ means over their number where there are two, not that between seeds', () => {
    // means .6 and .8: variance .02, of a mean of two .01
    expect(trainingVariance(members(10, 12, 14, 14, 16, 18), 2, labels)).toBeCloseTo(0.01, 10);
    expect(trainingVariance(members(10, 14, 10, 14), 2, labels)).toBe(0);
  });

  it('is unknown with one training', () => {
    expect(trainingVariance(members(10), 1, labels)).toBeNull();
  });
});
