import { describe, expect, it } from 'vitest';
import { heldOutTwice, splitFilms } from './divide-films.ts';
import type { ClassedFilm } from './film-set.ts';
import { LABEL_SCHEMES } from './label-schemes.ts';
import { groupPatients, type PatientPair } from './same-patient.ts';
import type { Split } from './split.ts';

const pair = (one: string, other: string, state: PatientPair['state'] = 'suspected'): PatientPair => ({
  patients: [one, other],
  films: ['f', 'g'],
  state,
  at: '2026-12-01T00:00:00Z',
});

const films = Array.from({ length: 40 }, (_, i) => ({
  patientKey: `p${i}`,
  pixelSha256: `film ${i}`,
  findings: [i % 3 === 0 ? 'Osteophytes' : 'No finding'],
  className: i % 3 === 0 ? 'abnormal' : 'normal',
})) as unknown as ClassedFilm[];

const split = (pairs: PatientPair[], earlier: Split = {}, of = films) =>
  splitFilms(LABEL_SCHEMES.binary, of, earlier, undefined, groupPatients(pairs));

describe('patients with two numbers', () => {
  it('hang together over several pairs, unless a person has told them apart', () => {
    const personOf = groupPatients([pair('b', 'c'), pair('a', 'b', 'same'), pair('a', 'd', 'different')]);
    expect(['a', 'b', 'c', 'd', 'e'].map(personOf)).toEqual(['a', 'a', 'a', 'd', 'e']);
  });

  it('are put into one part, whatever parts they would have had', () => {
    const alone = split([]);
    const [trained] = Object.keys(alone).filter((key) => alone[key] === 'train');
    const held = Object.keys(alone).filter((key) => alone[key] === 'hold-out');
    for (const other of held) {
      const together = split([pair(trained!, other)]);
      expect(together[other]).toBe(together[trained!]);
    }
    expect(split([pair(trained!, held[0]!, 'different')])).toEqual(alone);
  });

  it('join a person who has a part, when the second number comes later', () => {
    const earlier = split([], {}, films.slice(0, 30));
    for (const part of ['train', 'hold-out', 'validation'] as const) {
      const [known] = Object.keys(earlier).filter((key) => earlier[key] === part);
      const later = split([pair(known!, 'p35')], earlier);
      expect(later.p35).toBe(part);
      expect(later).toMatchObject(earlier);
    }
  });

  it('never move once both are sealed, and the held-out one is in no figure', () => {
    const earlier = split([]);
    const [trained] = Object.keys(earlier).filter((key) => earlier[key] === 'train');
    const [held] = Object.keys(earlier).filter((key) => earlier[key] === 'hold-out');
    const pairs = [pair(trained!, held!)];
    expect(split(pairs, earlier)).toEqual(earlier);
    expect(heldOutTwice(earlier, groupPatients(pairs))).toEqual(new Set([held]));
    expect(heldOutTwice(earlier, groupPatients([pair(trained!, held!, 'different')]))).toEqual(new Set());
  });

  it('stay with a hold-out that the data set’s authors chose', () => {
    const published = films.map((film, i) => (i < 6 ? { ...film, part: 'hold-out' as const } : film));
    const parts = split([pair('p2', 'p20')], {}, published);
    expect([parts.p2, parts.p20]).toEqual(['hold-out', 'hold-out']);
  });
});
