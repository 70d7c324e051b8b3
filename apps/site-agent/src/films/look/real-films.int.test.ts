import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readFilm, toTrainingImage } from '@synspine/dicom';
import { describe, expect, it } from 'vitest';
import { MASTER_SIZE } from '../master-image.ts';
import { FAR, fitLook, type LookFilm } from './fit-look.ts';
import { lookFeatures } from './look-features.ts';

/** Real films, where a developer has them beside the repository. */
const FILMS = resolve(import.meta.dirname, '../../../../../../shared/data/spine-radiographs');
const SITES = ['alder', 'birch', 'cedar'];

async function readSite(site: string): Promise<LookFilm[]> {
  const folder = join(FILMS, site, 'dicom');
  const films: LookFilm[] = [];
  for (const name of await readdir(folder)) {
    const film = await readFilm(new Uint8Array(await readFile(join(folder, name))));
    if (!film.ok) continue;
    const square = await toTrainingImage(film, { size: MASTER_SIZE, fit: 'squeeze' });
    films.push({ features: lookFeatures(square), patient: film.patientId ?? film.studyInstanceUid });
  }
  return films;
}

/** Films that a fit to the other patients' films finds unlike them. */
function countRefused(films: readonly LookFilm[]): number {
  let refused = 0;
  for (const patient of new Set(films.map((film) => film.patient))) {
    const look = fitLook(films.filter((film) => film.patient !== patient));
    refused += films.filter((film) => film.patient === patient && look(film.features) > FAR).length;
  }
  return refused;
}

describe.skipIf(!existsSync(FILMS))('the look of real films', () => {
  it('lets through all but one in a hundred of patients that it does not know', async () => {
    let [films, refused] = [0, 0];
    for (const site of SITES) {
      const known = await readSite(site);
      films += known.length;
      refused += countRefused(known);
    }
    expect(films).toBe(468);
    expect(refused).toBeLessThanOrEqual(4);
  }, 300_000);
});
