import { createHash } from 'node:crypto';
import { type Films, findCopies } from '@synspine/privacy';
import { type Guard, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
import type { CatalogueFilm } from './catalogue.ts';
import { loadMaster } from './master-image.ts';
import { isPairOf, type PatientPair, readSamePatient, type SamePatient } from './same-patient.ts';

/** Films are compared at this size, in pixels: a patient's film is known at it, and 3,000 films take minutes. */
const COMPARED_SIZE = 32;
/** Fewer patients say too little about how alike strangers are. */
const PATIENTS_MIN = 12;
/** Films that were compared before and are scored again, as a measure of how alike strangers are. */
const STRANGERS_MAX = 300;

/** One film in a thousand may be suspected wrongly: that costs a look, and one patient's place in the split. */
const CHANCE = { tail: 0.001, screened: 1 };

type KnownFilm = Pick<CatalogueFilm, 'pixelSha256' | 'patientKey'>;

/**
 * Looks for patients with two numbers: compares films that came since the last search with all others and adds what it finds to
 * `same-patient.json`. A pair that is known is left as a person has judged it.
 */
export async function findSamePatient(
  home: Home,
  films: readonly KnownFilm[],
  options: { guard: Guard; at: Date },
): Promise<SamePatient> {
  const known = await readSamePatient(home);
  const searched = new Set(known.searched);
  const fresh = films.filter(({ pixelSha256 }) => !searched.has(pixelSha256));
  if (fresh.length === 0 || new Set(films.map(({ patientKey }) => patientKey)).size < PATIENTS_MIN)
    return known;
  const strangers = inAnyOrder(films.filter(({ pixelSha256 }) => searched.has(pixelSha256)));
  const found = await findPairs(home, [...fresh, ...strangers.slice(0, STRANGERS_MAX)], films);
  const pairs = [...known.pairs];
  for (const [one, other] of found) {
    if (pairs.some((pair) => isPairOf(pair, one.patientKey, other.patientKey))) continue;
    pairs.push({
      patients: [one.patientKey, other.patientKey],
      films: [one.pixelSha256, other.pixelSha256],
      state: 'suspected',
      at: options.at.toISOString(),
    } satisfies PatientPair);
  }
  const all = [...new Set([...known.searched, ...films.map(({ pixelSha256 }) => pixelSha256)])].sort();
  const now: SamePatient = { ...known, searched: all, pairs };
  await writeJson(home.files.samePatient, now, { guard: options.guard });
  return now;
}

async function findPairs(
  home: Home,
  sought: readonly KnownFilm[],
  films: readonly KnownFilm[],
): Promise<(readonly [KnownFilm, KnownFilm])[]> {
  const found = findCopies(await openFilms(home, sought), await openFilms(home, films), CHANCE);
  return sought.flatMap((film, row) =>
    found[row] === undefined ? [] : [[film, films[found[row]]!] as const],
  );
}

async function openFilms(home: Home, films: readonly KnownFilm[]): Promise<Films> {
  const area = COMPARED_SIZE ** 2;
  const images = new Uint8Array(films.length * area);
  for (const [row, { pixelSha256 }] of films.entries())
    images.set(await loadMaster(home, pixelSha256, COMPARED_SIZE), row * area);
  return { images, size: COMPARED_SIZE, patients: films.map(({ patientKey }) => patientKey) };
}

/** The same order for the same films, whenever they came. */
function inAnyOrder(films: readonly KnownFilm[]): KnownFilm[] {
  const rank = ({ pixelSha256 }: KnownFilm) => createHash('sha256').update(pixelSha256).digest('hex');
  return films.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
