import { createHash } from 'node:crypto';

/** At most `count`: the first by a hash of their pixels' hash. Any films, but always the same. */
export function chooseFilms<Film extends { pixelSha256: string }>(
  films: readonly Film[],
  count: number,
): Film[] {
  const rank = (film: Film) => createHash('sha256').update(film.pixelSha256).digest('hex');
  const ranked = films.map((film) => ({ film, rank: rank(film) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ film }) => film);
}
