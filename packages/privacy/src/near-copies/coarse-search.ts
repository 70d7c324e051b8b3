import { tf } from '@synspine/compute';
import { HALF_POSES, layFilm, type Sought, WHOLE_POSES } from './pose.ts';
import { COARSE, MIDDLE, type PlaneStack, planeOf, type SearchPlanes } from './search-planes.ts';

const FILMS_AT_ONCE = 16; // 625 poses of each are 10 MiB
const IMAGES_AT_ONCE = 64;
const AREA = COARSE * COARSE;

/** Best normalised cross-correlation of image × film, and where: the pose's number, and whether of the mirror image. */
export type Likeness = {
  poses: readonly Sought[];
  correlations: Float32Array;
  places: Uint16Array;
  mirrored: Uint8Array;
};

/** Of whole films and of halves: each [images, films]. */
export type CoarseSearch = { whole: Likeness; half: Likeness };

/**
 * Correlates every image, upright and mirrored, with every film in all poses, on the coarse grid: one product of matrices, as a film
 * in a pose is a vector. Only pixels where the film lies count, and negatives count as well as positives.
 */
export function coarseSearch(images: SearchPlanes, films: SearchPlanes): CoarseSearch {
  return {
    whole: searchPoses(images.coarse, films.middle, WHOLE_POSES),
    half: searchPoses(images.coarse, films.middle, HALF_POSES),
  };
}

function searchPoses(images: PlaneStack, films: PlaneStack, poses: readonly Sought[]): Likeness {
  const imageCount = images.values.length / AREA;
  const filmCount = films.values.length / MIDDLE ** 2;
  const cells = imageCount * filmCount;
  const found: Likeness = {
    poses,
    correlations: new Float32Array(cells),
    places: new Uint16Array(cells),
    mirrored: new Uint8Array(cells),
  };
  const seen = seenPixels(poses);
  for (let first = 0; first < filmCount; first += FILMS_AT_ONCE) {
    const count = Math.min(FILMS_AT_ONCE, filmCount - first);
    const posed = posedFilms(films, first, count, poses);
    for (let from = 0; from < imageCount; from += IMAGES_AT_ONCE) {
      const n = Math.min(IMAGES_AT_ONCE, imageCount - from);
      const values = images.values.subarray(from * AREA, (from + n) * AREA);
      const best = tf.tidy(() => correlate(tf.tensor3d(values, [n, COARSE, COARSE]), posed, seen));
      const [correlations, places] = best.map((tensor) => tensor.dataSync());
      tf.dispose(best);
      keepBest(found, correlations!, places!, { n, count, cell: from * filmCount + first, filmCount });
    }
    posed.dispose();
  }
  seen.dispose();
  return found;
}

/** Highest correlation over the poses and its number. [n,side,side], [films · poses, pixels] → twice [2n,films], upright then mirrored */
function correlate(images: tf.Tensor3D, posed: tf.Tensor2D, seen: tf.Tensor2D): [tf.Tensor, tf.Tensor] {
  const [n, poses] = [images.shape[0], seen.shape[0]];
  const both = tf.reshape(tf.concat([images, tf.reverse(images, 2)], 0), [2 * n, AREA]) as tf.Tensor2D;
  const products = tf.reshape(tf.matMul(both, posed, false, true), [2 * n, posed.shape[0] / poses, poses]);
  const correlations = tf.abs(tf.mul(products, tf.expandDims(inverseLengths(both, seen), 1)));
  return [tf.max(correlations, 2), tf.argMax(correlations, 2)];
}

function keepBest(
  found: Likeness,
  correlations: ArrayLike<number>,
  places: ArrayLike<number>,
  { n, count, cell, filmCount }: { n: number; count: number; cell: number; filmCount: number },
): void {
  for (let image = 0; image < n; image++) {
    for (let film = 0; film < count; film++) {
      const upright = image * count + film;
      const mirrored = upright + n * count;
      const isMirrored = correlations[mirrored]! > correlations[upright]!;
      const source = isMirrored ? mirrored : upright;
      const target = cell + image * filmCount + film;
      found.correlations[target] = correlations[source]!;
      found.places[target] = places[source]!;
      found.mirrored[target] = Number(isMirrored);
    }
  }
}

/** 1 / length of each image's pixels under each pose, their mean taken off. → [images, poses] */
function inverseLengths(images: tf.Tensor2D, seen: tf.Tensor2D): tf.Tensor2D {
  const sums = tf.matMul(images, seen, false, true);
  const squares = tf.matMul(tf.square(images), seen, false, true);
  const lengths = tf.sub(squares, tf.div(tf.square(sums), tf.sum(seen, 1)));
  return tf.rsqrt(tf.add(tf.relu(lengths), FLAT)) as tf.Tensor2D;
}

const FLAT = 1e-3; // of detail within ±1, over a whole image: less than this is rounding

/** Films at every pose: mean 0 and length 1 where the film is seen, 0 elsewhere. → [films · poses, pixels] */
function posedFilms(films: PlaneStack, first: number, count: number, poses: readonly Sought[]): tf.Tensor2D {
  const values = new Float32Array(count * poses.length * AREA);
  for (let film = 0; film < count; film++) {
    const plane = planeOf(films, first + film);
    poses.forEach((pose, number) => {
      const at = (film * poses.length + number) * AREA;
      standardise(layFilm(plane, MIDDLE, pose, COARSE, values.subarray(at, at + AREA)));
    });
  }
  return tf.tensor2d(values, [count * poses.length, AREA]);
}

function standardise(laid: Float32Array): void {
  let [sum, squares, count] = [0, 0, 0];
  for (let at = 0; at < AREA; at++) {
    const value = laid[at]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    squares += value * value;
    count += 1;
  }
  const mean = sum / count;
  const length = squares - sum * mean;
  const scale = length > FLAT ? 1 / Math.sqrt(length) : 0;
  for (let at = 0; at < AREA; at++) laid[at] = Number.isNaN(laid[at]!) ? 0 : (laid[at]! - mean) * scale;
}

/** 1 where a film in the pose is seen. → [poses, pixels] */
function seenPixels(poses: readonly Sought[]): tf.Tensor2D {
  const values = new Float32Array(poses.length * AREA);
  const film = new Float32Array(MIDDLE * MIDDLE);
  poses.forEach((pose, number) => {
    const laid = layFilm(film, MIDDLE, pose, COARSE, values.subarray(number * AREA, (number + 1) * AREA));
    for (let at = 0; at < AREA; at++) laid[at] = Number.isNaN(laid[at]!) ? 0 : 1;
  });
  return tf.tensor2d(values, [poses.length, AREA]);
}
