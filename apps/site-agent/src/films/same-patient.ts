import { readJson } from '../durable-file.ts';
import type { Home } from '../home.ts';

/**
 * Two patient keys whose films look like one patient's. `suspected` by the copy search; a person who has looked says `same` or
 * `different`, and that stands.
 */
export type PatientPair = {
  patients: readonly [string, string];
  /** Hashes of the two films that look alike, which name their square images in the home. */
  films: readonly [string, string];
  state: 'suspected' | 'same' | 'different';
  at: string;
};

/** `same-patient.json` in a home. `searched` are the films that were compared with each other, by the hash of their pixels. */
export type SamePatient = {
  schema: 'synspine.same-patient/1';
  searched: readonly string[];
  pairs: readonly PatientPair[];
};

/** What the home knows of patients with two numbers; nothing, where no search was made. */
export async function readSamePatient(home: Home): Promise<SamePatient> {
  const known = await readJson<SamePatient>(home.files.samePatient);
  return known ?? { schema: 'synspine.same-patient/1', searched: [], pairs: [] };
}

/** The first of all keys that are one patient's: pairs that nobody has denied hang together. A key without a pair stands for itself. */
export type PersonOf = (patientKey: string) => string;

export function groupPatients(pairs: readonly PatientPair[]): PersonOf {
  const first = new Map<string, string>();
  const find = (key: string): string => {
    const next = first.get(key);
    return next === undefined || next === key ? key : find(next);
  };
  for (const { patients, state } of pairs) {
    if (state === 'different') continue;
    const [low, high] = patients.map(find).sort();
    first.set(high!, low!);
  }
  return find;
}

/** Whether a pair is about these two patients, in whatever order. */
export function isPairOf({ patients }: PatientPair, one: string, other: string): boolean {
  return patients.includes(one) && patients.includes(other) && one !== other;
}
