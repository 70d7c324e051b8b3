import { beforeAll, describe, expect, it } from 'vitest';
import { DECODABLE_SYNTAXES } from '../dataset/transfer-syntaxes.ts';
import { readFilm } from '../read-film.ts';
import { mutateFilm } from './mutate-film.ts';
import { runFuzz } from './run-fuzz.ts';
import { createSeedFilms, type SeedFilm } from './seed-films.ts';

let films: SeedFilm[];
beforeAll(async () => {
  films = await createSeedFilms();
});

describe('mutations', () => {
  it('start from films of every transfer syntax, and change nearly all of them', () => {
    const texts = films.map(({ bytes }) => bytes.toString('latin1', 132, 600));
    // The variant of HTJ2K with a fixed progression has the same codestreams as the one without.
    const tested = DECODABLE_SYNTAXES.filter((uid) =>
      texts.some((text) => text.includes(`${uid}\0`) || text.includes(`${uid}\x02\0`)),
    );
    expect(DECODABLE_SYNTAXES.filter((uid) => !tested.includes(uid))).toEqual(['1.2.840.10008.1.2.4.202']);
    const changed = films.filter((film, i) => !mutateFilm(films, 3, i).bytes.equals(film.bytes));
    expect(changed.length).toBeGreaterThan(films.length * 0.8);
  });

  it('start from films that are read, or are only too small', async () => {
    for (const { name, bytes, isDeflated } of films) {
      if (isDeflated) continue; // its seed is kept inflated
      const film = await readFilm(bytes);
      expect([name, film.ok || film.code]).toEqual([name, name === 'jpeg extended' ? 'TOO_SMALL' : true]);
    }
  });

  it('are the same for the same seed and number, and others for others', async () => {
    const again = await createSeedFilms();
    for (let number = 0; number < 60; number++)
      expect(mutateFilm(films, 5, number)).toEqual(mutateFilm(again, 5, number));
    expect(mutateFilm(films, 5, 3).bytes.equals(mutateFilm(films, 6, 3).bytes)).toBe(false);
  });

  it('can be made for any number', () => {
    for (let number = 0; number < 5_000; number++)
      expect(mutateFilm(films, 12, number).bytes.length).toBeGreaterThanOrEqual(0);
  });

  it('are read in children, each once', async () => {
    const report = await runFuzz({ seed: 2, count: 200, first: 50 });
    expect(report.faults).toEqual([]);
    expect(Object.values(report.verdicts).reduce((sum, count) => sum + count, 0)).toBe(200);
    expect(report.peakMb).toBeGreaterThan(20);
  });
});
