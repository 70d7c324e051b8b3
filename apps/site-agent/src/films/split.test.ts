import { describe, expect, it } from 'vitest';
import { type Part, type Patient, SHARES_BESIDE_HOLD_OUT, splitPatients } from './split.ts';

function patients(count: number, stratum: string, prefix: string): Patient[] {
  return Array.from({ length: count }, (_, i) => ({ key: `${prefix}${(i * 7919) % 1009}`, stratum }));
}
function count(split: Record<string, Part>, part: Part, prefix = ''): number {
  return Object.entries(split).filter(([key, where]) => where === part && key.startsWith(prefix)).length;
}

describe('splitPatients', () => {
  it('cuts each class 60/15/25 by patient', () => {
    const split = splitPatients([...patients(100, 'normal', 'n'), ...patients(40, 'abnormal', 'a')]);
    expect([
      count(split, 'train', 'n'),
      count(split, 'validation', 'n'),
      count(split, 'hold-out', 'n'),
    ]).toEqual([60, 15, 25]);
    expect([
      count(split, 'train', 'a'),
      count(split, 'validation', 'a'),
      count(split, 'hold-out', 'a'),
    ]).toEqual([24, 6, 10]);
  });

  it('does not depend on the order of the films', () => {
    const all = [...patients(31, 'normal', 'n'), ...patients(17, 'abnormal', 'a')];
    expect(splitPatients([...all].reverse())).toEqual(splitPatients(all));
  });

  it('holds out no one where the data set’s authors chose the hold-out', () => {
    const split = splitPatients(patients(80, 'normal', 'n'), {}, SHARES_BESIDE_HOLD_OUT);
    expect([count(split, 'train'), count(split, 'validation'), count(split, 'hold-out')]).toEqual([
      64, 16, 0,
    ]);
  });

  it.each([3, 5, 8])('gives each part a patient even at a site with %i of a class', (n) => {
    const split = splitPatients(patients(n, 'normal', 'n'));
    expect(
      Math.min(count(split, 'train'), count(split, 'validation'), count(split, 'hold-out')),
    ).toBeGreaterThan(0);
  });

  it('leaves every patient where it was when films are added, and keeps the shares', () => {
    const first = splitPatients(patients(40, 'normal', 'm'));
    const second = splitPatients([...patients(40, 'normal', 'm'), ...patients(40, 'normal', 'n')], first);
    expect(second).toMatchObject(first);
    expect([count(second, 'train'), count(second, 'validation'), count(second, 'hold-out')]).toEqual([
      48, 12, 20,
    ]);
  });
});
