import { createHash } from 'node:crypto';

/** A choice of at most so many of the films that are added, whatever their order; the others aren't kept. */
export type FilmChoice<Film> = {
  add(film: Film): void;
  /** Those chosen so far, in the order of their rank. */
  films(): Film[];
};

/** Chooses the first `count` by a hash of their pixels' hash. Any films, but always the same; each is to be added once. */
export function createFilmChoice<Film extends { pixelSha256: string }>(count: number): FilmChoice<Film> {
  let ranked: { film: Film; rank: string }[] = [];
  const cut = () => {
    ranked = ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, count);
  };
  return {
    add: (film) => {
      ranked.push({ film, rank: createHash('sha256').update(film.pixelSha256).digest('hex') });
      if (ranked.length >= 2 * count) cut(); // not at each film, so that sorting costs next to nothing
    },
    films: () => {
      cut();
      return ranked.map(({ film }) => film);
    },
  };
}
