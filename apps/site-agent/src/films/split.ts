import type { Label } from './labels.ts';

export type Part = 'train' | 'validation' | 'hold-out';
/** Shares of the patients of each class. */
const SHARES: Record<Part, number> = { train: 0.6, validation: 0.15, 'hold-out': 0.25 };
const PARTS = ['hold-out', 'train', 'validation'] as const satisfies readonly Part[]; // the sealed part is filled first

/** One patient's films: `key` is a keyed hash of the identifier. */
export type Patient = { key: string; labels: readonly Label[] };
export type Split = Record<string, Part>;

/**
 * Puts each patient into exactly one part, by share within each class (a patient with any abnormal film counts as
 * abnormal). Patients are ordered by their keyed hash, so the order of files, dates or names plays no part.
 * A patient in `earlier` stays where it was: a hold-out that was sealed once stays sealed when films are added.
 */
export function splitPatients(patients: readonly Patient[], earlier: Split = {}): Split {
  const isAbnormal = ({ labels }: Patient) => labels.includes('abnormal');
  const strata = [patients.filter(isAbnormal), patients.filter((patient) => !isAbnormal(patient))];
  return Object.fromEntries(strata.flatMap((stratum) => splitStratum(stratum, earlier)));
}

function splitStratum(patients: readonly Patient[], earlier: Split): [string, Part][] {
  const kept = patients
    .filter(({ key }) => earlier[key])
    .map(({ key }): [string, Part] => [key, earlier[key]!]);
  const fresh = patients.filter(({ key }) => !earlier[key]).map(({ key }) => key);
  const order = fresh.sort();
  const wanted = wantedCounts(patients.length);
  const placed = PARTS.flatMap((part) => {
    const room = Math.max(0, wanted[part] - kept.filter(([, keptIn]) => keptIn === part).length);
    return order.splice(0, room).map((key): [string, Part] => [key, part]);
  });
  return [...kept, ...placed, ...order.map((key): [string, Part] => [key, 'train'])];
}

/** Whole numbers of patients that sum to `count`, nearest to the shares, at least one in each part when there are three. */
function wantedCounts(count: number): Record<Part, number> {
  const atLeast = count >= 3 ? 1 : 0;
  const holdOut = Math.max(atLeast, Math.round(count * SHARES['hold-out']));
  const validation = Math.max(atLeast, Math.round(count * SHARES.validation));
  return { 'hold-out': holdOut, validation, train: count - holdOut - validation };
}
