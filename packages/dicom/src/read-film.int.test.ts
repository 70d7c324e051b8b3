import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFilm } from './read-film.ts';

/** Real films, where a developer has them beside the repository. They are no part of it. */
const folder = resolve(import.meta.dirname, '../../../../shared/data/spine-radiographs');

const SITES = [
  { site: 'alder', films: 185, refused: ['NO_PIXEL_DATA'] },
  { site: 'birch', films: 184, refused: ['TOO_SMALL', 'TRUNCATED'] },
  { site: 'cedar', films: 99, refused: ['NO_PIXEL_DATA', 'TRUNCATED'] },
];

describe.runIf(existsSync(folder))('real radiographs', () => {
  it.each(SITES)('of $site are read, but for those broken on purpose', async ({ site, films, refused }) => {
    const codes: string[] = [];
    const labels = readFileSync(join(folder, site, 'labels.csv'), 'utf8');
    let count = 0;
    for (const name of readdirSync(join(folder, site, 'dicom'))) {
      const film = await readFilm(readFileSync(join(folder, site, 'dicom', name)));
      if (!film.ok) {
        codes.push(film.code);
        continue;
      }
      count += 1;
      expect(labels.includes(`${film.sopInstanceUid},${film.studyInstanceUid},${film.patientId},`)).toBe(
        true,
      );
    }
    expect(count).toBe(films);
    expect(codes.sort()).toEqual(refused);
  });
});
