import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom, shuffled } from '../../packages/compute/src/index.ts';
import { readFilm, renderPhantom, toTrainingImage } from '../../packages/dicom/src/index.ts';

/** Films at one size, of all sites together. `images` is [count, size, size]; labels 0 normal, 1 abnormal. */
export type Films = { images: Uint8Array; labels: Uint8Array; patients: string[]; size: number };

/** Patients of the sample films with two numbers: the films are of one spine, side by side under the eye. */
const SECOND_NUMBERS = new Map([
  ['BI-000158', 'AL-000159'],
  ['BI-000050', 'AL-000085'],
]);

/** Every film of `folder` that can be read, by its sites' labels.csv; the whole film squeezed into a square, as the demo does. */
export async function readFilms(folder: string, size: number): Promise<Films> {
  const films: Film[] = [];
  const sites = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name } of sites.sort((a, b) => a.name.localeCompare(b.name)))
    films.push(...(await readSite(join(folder, name), size)));
  return gather(films, size);
}

type Film = { square: Uint8Array; label: number; patient: string };

async function readSite(site: string, size: number): Promise<Film[]> {
  const [head, ...rows] = (await readFile(join(site, 'labels.csv'), 'utf8')).trim().split(/\r?\n/);
  const columns = head!.split(',');
  const at = (name: string) => columns.indexOf(name);
  const known = new Map(rows.map((row) => [row.split(',')[at('sop_instance_uid')]!, row.split(',')]));
  const files = await readdir(join(site, 'dicom'), { recursive: true, withFileTypes: true });
  const films: Film[] = [];
  for (const file of files.filter((entry) => entry.isFile()).sort((a, b) => a.name.localeCompare(b.name))) {
    const film = await readFilm(new Uint8Array(await readFile(join(file.parentPath, file.name))));
    const row = film.ok ? known.get(film.sopInstanceUid) : undefined;
    if (!film.ok || !row) continue;
    const square = await toTrainingImage(film, { size, fit: 'squeeze' });
    const number = row[at('patient_id')]!;
    films.push({
      square,
      label: row[at('label')] === 'abnormal' ? 1 : 0,
      patient: SECOND_NUMBERS.get(number) ?? number,
    });
  }
  return films;
}

/** Phantoms, one film a patient, where no real films are given. */
export async function drawFilms(count: number, size: number): Promise<Films> {
  const films: Film[] = [];
  for (let i = 0; i < count; i++) {
    const finding = i % 2 === 0 ? 'No finding' : 'Spondylolisthesis';
    const { rows, columns, pixels } = renderPhantom({ seed: `proof ${i}`, finding, view: 'AP', size: 128 });
    const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
    const square = await toTrainingImage({ rows, columns, pixels: bytes }, { size, fit: 'squeeze' });
    films.push({ square, label: i % 2, patient: `patient ${i}` });
  }
  return gather(films, size);
}

function gather(films: readonly Film[], size: number): Films {
  const images = new Uint8Array(films.length * size ** 2);
  for (const [i, { square }] of films.entries()) images.set(square, i * size ** 2);
  const labels = Uint8Array.from(films, ({ label }) => label);
  return { images, labels, patients: films.map(({ patient }) => patient), size };
}

/** Divides films by patient into parts of about these shares; the last part takes what is left. */
export function splitByPatient(films: Films, shares: readonly number[], seed: number): Films[] {
  const names = shuffled([...new Set(films.patients)].sort(), seededRandom(seed));
  let from = 0;
  return [...shares, 1].map((share, part) => {
    const to = part === shares.length ? names.length : from + Math.round(share * names.length);
    const chosen = new Set(names.slice(from, to));
    from = to;
    return selectRows(
      films,
      [...films.patients.keys()].filter((row) => chosen.has(films.patients[row]!)),
    );
  });
}

function selectRows({ images, labels, patients, size }: Films, rows: readonly number[]): Films {
  const area = size ** 2;
  const chosen = new Uint8Array(rows.length * area);
  for (const [i, row] of rows.entries()) chosen.set(images.subarray(row * area, (row + 1) * area), i * area);
  const of = (row: number) => patients[row]!;
  return {
    images: chosen,
    labels: Uint8Array.from(rows, (row) => labels[row]!),
    patients: rows.map(of),
    size,
  };
}
