export type Part = 'train' | 'validation' | 'hold-out';
/** Shares of the patients of each stratum; the rest is trained on. */
export type Shares = { validation: number; 'hold-out': number };
export const DEFAULT_SHARES: Shares = { validation: 0.15, 'hold-out': 0.25 };
/** Of the other patients where the data set's authors chose the hold-out. */
export const SHARES_BESIDE_HOLD_OUT: Shares = { validation: 0.2, 'hold-out': 0 };
const PARTS = ['hold-out', 'train', 'validation'] as const satisfies readonly Part[]; // the sealed part is filled first

/** `key` is a keyed hash of the identifier, `stratum` the class that the patient counts for. */
export type Patient = { key: string; stratum: string };
export type Split = Record<string, Part>;

/**
 * Puts each patient into exactly one part, by share within each stratum. Patients are ordered by their keyed hash, so the
 * order of files, dates or names plays no part. A patient in `earlier` stays where it was: a hold-out that was sealed
 * once stays sealed when films are added. `shares` says which part of each stratum goes where.
 */
export function splitPatients(
  patients: readonly Patient[],
  earlier: Split = {},
  shares: Shares = DEFAULT_SHARES,
): Split {
  const names = [...new Set(patients.map(({ stratum }) => stratum))];
  const strata = names.map((name) => patients.filter(({ stratum }) => stratum === name));
  return Object.fromEntries(strata.flatMap((stratum) => splitStratum(stratum, earlier, shares)));
}

function splitStratum(patients: readonly Patient[], earlier: Split, shares: Shares): [string, Part][] {
  const kept = patients
    .filter(({ key }) => earlier[key])
    .map(({ key }): [string, Part] => [key, earlier[key]!]);
  const fresh = patients.filter(({ key }) => !earlier[key]).map(({ key }) => key);
  const order = fresh.sort();
  const wanted = wantedCounts(patients.length, shares);
  const placed = PARTS.flatMap((part) => {
    const room = Math.max(0, wanted[part] - kept.filter(([, keptIn]) => keptIn === part).length);
    return order.splice(0, room).map((key): [string, Part] => [key, part]);
  });
  return [...kept, ...placed, ...order.map((key): [string, Part] => [key, 'train'])];
}

/** Whole numbers of patients that sum to `count`, nearest to the shares, at least one in each part when there are three. */
function wantedCounts(count: number, shares: Shares): Record<Part, number> {
  const atLeast = (share: number) => (count >= 3 && share > 0 ? 1 : 0);
  const wanted = (share: number) => Math.max(atLeast(share), Math.round(count * share));
  const [holdOut, validation] = [wanted(shares['hold-out']), wanted(shares.validation)];
  return { 'hold-out': holdOut, validation, train: count - holdOut - validation };
}
