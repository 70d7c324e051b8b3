import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../packages/dicom/src/burned-in-text/picture.ts';
import { readFilm, renderPhantom } from '../packages/dicom/src/index.ts';
import { createRandom } from '../packages/dicom/src/phantom/random.ts';

/** Limits of the search were chosen on one half of the patients; it is measured on the other. */
export type Half = 'tune' | 'measure';

/** A film without made-up text, and a name for it that tells nothing of a patient. */
export type BaseFilm = Picture & { name: string };

const PHANTOMS = 20;
const PHANTOM_ROWS = 800;
const ENLARGED_ROWS = 2048;
const ENLARGE_EVERY = 5;
const NOISE_GRAY_LEVELS = 4;

/**
 * The films of one half of a folder's patients, every `step`-th of them: real films as they are, every fifth enlarged
 * to 2,048 rows with noise as well, and phantoms. The same films in the same order each time.
 */
export async function* listFilms(folder: string, half: Half, step: number): AsyncGenerator<BaseFilm> {
  let number = 0;
  for await (const film of readHalf(folder, half)) {
    if (number % step === 0) yield film;
    if (number % (step * ENLARGE_EVERY) === 0) yield enlarge(film);
    number += 1;
  }
  for (let i = 0; i < PHANTOMS; i += step) yield drawPhantom(`${half} ${i}`);
}

/** Films that can't be read are left out: a folder may hold broken ones on purpose. */
async function* readHalf(folder: string, half: Half): AsyncGenerator<BaseFilm> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.dcm')).sort();
  for (const [number, path] of paths.entries()) {
    const film = await readFilm(await readFile(join(folder, path)));
    if (!film.ok || halfOf(film.patientId ?? path) !== half) continue;
    yield { name: `film ${number}`, rows: film.rows, columns: film.columns, gray: film.pixels };
  }
}

function halfOf(patientId: string): Half {
  return createHash('sha256').update(patientId).digest()[0]! % 2 === 0 ? 'tune' : 'measure';
}

/** As a detector of many pixels would show it: interpolated between pixels, with noise. */
function enlarge({ name, rows, columns, gray }: BaseFilm): BaseFilm {
  const scale = ENLARGED_ROWS / rows;
  const width = Math.round(columns * scale);
  const random = createRandom(`${name}/noise`);
  const large = new Uint8Array(ENLARGED_ROWS * width);
  for (let y = 0; y < ENLARGED_ROWS; y++) {
    const [top, down] = split(y / scale, rows);
    for (let x = 0; x < width; x++) {
      const [left, across] = split(x / scale, columns);
      const at = top * columns + left;
      const upper = gray[at]! + across * (gray[at + 1]! - gray[at]!);
      const lower = gray[at + columns]! + across * (gray[at + columns + 1]! - gray[at + columns]!);
      const value = upper + down * (lower - upper) + random.around(0, NOISE_GRAY_LEVELS);
      large[y * width + x] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return { name: `${name} enlarged`, rows: ENLARGED_ROWS, columns: width, gray: large };
}

/** The pixel before a place between pixels, and how far behind it the place lies: 0 to 1. */
function split(place: number, length: number): [number, number] {
  const before = Math.min(length - 2, Math.floor(place));
  return [before, Math.min(1, place - before)];
}

function drawPhantom(name: string): BaseFilm {
  const phantom = renderPhantom({ seed: name, finding: 'No finding', view: 'AP', size: PHANTOM_ROWS });
  const gray = Uint8Array.from(phantom.pixels, (value) => Math.round(255 * value));
  return { name: `phantom ${name}`, rows: phantom.rows, columns: phantom.columns, gray };
}
