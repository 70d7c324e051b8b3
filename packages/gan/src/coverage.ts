const filmsMin = 8; // of a class; fewer say nothing

/** Index of the row of `to` nearest to `row`, `except` left out. */
function nearest(row: Float32Array, to: readonly Float32Array[], except = -1): number {
  let [best, distanceMin] = [-1, Number.POSITIVE_INFINITY];
  for (const [j, other] of to.entries()) {
    const distance = row.reduce((sum, v, i) => sum + (v - other[i]!) ** 2, 0);
    if (j !== except && distance < distanceMin) [best, distanceMin] = [j, distance];
  }
  return best;
}

/**
 * How many different films are some image's nearest film, in parts of how many are so for the films themselves, each without itself:
 * near 1 when images are as varied as films, m / (films · .6 or so) when they are m images over and over. Rows are small images, as many
 * images as films. NaN for fewer than eight films.
 *
 * Not the coverage of Naeem et al. (2020): in many dimensions one image near the mean of all films lies within the k-th neighbour's distance
 * of a third of them, and a generator that has yet to learn contrast within none's.
 */
export function filmCoverage(images: readonly Float32Array[], films: readonly Float32Array[]): number {
  if (films.length < filmsMin) return Number.NaN;
  const own = new Set(films.map((row, i) => nearest(row, films, i)));
  const covered = new Set(images.slice(0, films.length).map((row) => nearest(row, films)));
  return covered.size / own.size;
}
