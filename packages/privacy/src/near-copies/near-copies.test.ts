import { initCompute, seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { phantomFilms } from '../phantom-films.ts';
import { coarseSearch } from './coarse-search.ts';
import { findCopies, scoreAmongThemselves } from './copy-detector.ts';
import { createCopyScorer } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';
import { findNearCopies } from './near-copies.ts';
import { layFilm } from './pose.ts';
import { correlateFine, register, viewImage } from './registration.ts';
import { searchPlanes } from './search-planes.ts';

initCompute({ threads: 1 });

const size = 32;
const bytes = size ** 2;
const train = phantomFilms(40, 1, 2);
const heldOut = phantomFilms(40, 2, 2);

/** Films of `train` with each pixel taken from elsewhere, by plain index arithmetic. */
function redrawn(rows: readonly number[], pixel: (film: Uint8Array, x: number, y: number) => number) {
  const images = new Uint8Array(rows.length * bytes);
  rows.forEach((row, index) => {
    const film = train.images.subarray(row * bytes, (row + 1) * bytes);
    for (let at = 0; at < bytes; at++)
      images[index * bytes + at] = pixel(film, at % size, Math.floor(at / size));
  });
  return { images, size };
}

const at = (film: Uint8Array, x: number, y: number) =>
  film[Math.min(31, Math.max(0, y)) * size + Math.min(31, Math.max(0, x))]!;
const rows = Array.from({ length: 20 }, (_, index) => index * 4);

describe('copies of training films are found', () => {
  const kinds: [string, (film: Uint8Array, x: number, y: number) => number][] = [
    ['as they are', at],
    ['moved by two pixels', (film, x, y) => at(film, x - 2, y)],
    ['moved by three pixels across and along', (film, x, y) => at(film, x + 3, y - 3)],
    ['moved by two pixels with black coming in', (film, x, y) => (x < 2 ? 0 : at(film, x - 2, y))],
    ['as mirror images', (film, x, y) => at(film, 31 - x, y)],
    ['inverted', (film, x, y) => 255 - at(film, x, y)],
    ['twenty levels brighter', (film, x, y) => Math.min(255, at(film, x, y) + 20)],
    [
      'enlarged by a quarter',
      (film, x, y) => at(film, Math.round(16 + (x - 16) / 1.25), Math.round(16 + (y - 16) / 1.25)),
    ], // prettier-ignore
    ['as right halves beside gray', (film, x, y) => (x < 16 ? 120 : at(film, x, y))],
    ['as upper halves beside a stranger', (film, x, y) => at(y < 16 ? film : heldOut.images, x, y)],
  ];

  it.each(kinds)('%s', (_, pixel) => {
    const found = findNearCopies({ train, heldOut, released: [redrawn(rows, pixel)] }, 0.001);
    expect(found.screened).toBe(20);
    expect(found.confirmed).toBeGreaterThanOrEqual(19);
  });

  it('and named by the film that they are copies of', () => {
    const copies = redrawn(rows, (film, x, y) => at(film, x - 2, y + 1));
    const found = findCopies(copies, train);
    expect(found.map((film) => film !== undefined && train.patients[film])).toEqual(
      rows.map((row) => train.patients[row]),
    );
  });
});

describe('strangers', () => {
  it('are taken for nobody’s copies, and neither is a flat image', () => {
    const strangers = phantomFilms(200, 9);
    const flat = { images: new Uint8Array(bytes).fill(100), size };
    const sets = { train, heldOut, released: [strangers, flat] };
    const found = findNearCopies(sets, 0.001);
    expect(found).toMatchObject({ confirmed: 0, screened: 201, heldOutCopies: [] });
  });

  it('score alike whether they were held out or are other patients of the training set', () => {
    const score = createCopyScorer(train);
    const median = (scores: ReturnType<typeof score>) =>
      scores.map(({ wholeFine }) => wholeFine.excess).sort((a, b) => a - b)[scores.length / 2]!;
    const [held, own] = [median(score(heldOut)), median(scoreAmongThemselves(score, train))];
    expect(Math.abs(held - own)).toBeLessThan(0.15);
  });
});

describe('the search', () => {
  it('finds the pose in which a film lies', () => {
    const planes = searchPlanes(train);
    const moved = searchPlanes(redrawn([6], (film, x, y) => at(film, x - 3, y + 2)));
    const { whole } = coarseSearch(moved, planes);
    const [image, film] = [viewImage(moved, 0, whole.mirrored[6] === 1), viewImage(planes, 6, false)];
    const { pose, correlation } = register(image, film, whole.poses[whole.places[6]!]!);
    expect(pose.dx * size).toBeCloseTo(3, 0);
    expect(pose.dy * size).toBeCloseTo(-2, 0);
    expect(correlation).toBeGreaterThan(0.95);
    expect(correlateFine(image, film, pose)).toBeGreaterThan(0.9);
  });

  it('lays a film where its pose says, and nothing beyond its border', () => {
    const film = Float32Array.from({ length: bytes }, (_, place) => place);
    const laid = layFilm(
      film,
      size,
      { dx: 4 / size, dy: 0, degrees: 0, scale: 1 },
      size,
      new Float32Array(bytes),
    );
    expect(laid[10 * size + 14]).toBeCloseTo(10 * size + 10, 2);
    expect(laid[10 * size + 2]).toBeNaN();
  });

  it('sees detail that exposure does not change', () => {
    const [film] = [searchPlanes(redrawn([3], at))];
    const darker = searchPlanes(redrawn([3], (gray, x, y) => 10 + at(gray, x, y) / 2));
    const gap = film!.middle.values.map((value, index) => Math.abs(value - darker.middle.values[index]!));
    expect(Math.max(...gap)).toBeLessThan(0.1);
  });
});

describe('the extreme threshold', () => {
  const PATIENTS = 60;
  const random = seededRandom(2);
  const excess = () => {
    const drawn = Float64Array.from({ length: PATIENTS }, () => 0.15 * seededNormal(random)).sort();
    return drawn[PATIENTS - 1]! - drawn[PATIENTS - 5]!;
  };
  const thresholdOf = (scores: number[], tail = 0.001) => extremeThreshold(scores, tail, PATIENTS);

  it('is reached by no more than the share it is read for, and by not much less', () => {
    const thresholds = Array.from({ length: 60 }, () => thresholdOf(Array.from({ length: 200 }, excess)));
    const mean = thresholds.reduce((sum, value) => sum + value, 0) / 60;
    const beyond = Array.from({ length: 100_000 }, excess).filter((value) => value > mean).length;
    expect(beyond).toBeLessThan(150);
    expect(beyond).toBeGreaterThan(10);
  });

  it('hardly moves when a tenth of the films are real copies, as a counted percentile would', () => {
    const honest = Array.from({ length: 90 }, excess);
    const mixed = thresholdOf([...honest, ...new Array(10).fill(1.5)]);
    expect(mixed / thresholdOf(honest)).toBeGreaterThan(0.8);
    expect(mixed / thresholdOf(honest)).toBeLessThan(1.25);
  });

  it('rises as fewer honest films may exceed it', () => {
    const honest = Array.from({ length: 90 }, excess);
    expect(thresholdOf(honest, 0.0001)).toBeGreaterThan(thresholdOf(honest));
  });
});

it.each([0, 4, 12, 20])(
  'of 60 patients, %i who have a second number are all named, and nobody else',
  (doubled) => {
    const films = phantomFilms(60, 5);
    const again = films.images
      .slice(0, doubled * bytes)
      .map((gray) => Math.min(255, Math.round(gray * 1.1 + 6)));
    const images = Uint8Array.from([...films.images, ...again]);
    const patients = [...films.patients, ...films.patients.slice(0, doubled).map((name) => `${name} again`)];
    const found = findCopies({ images, size, patients }, { images, size, patients });
    const expected = patients.map((_, row) => (row < doubled ? 60 + row : row >= 60 ? row - 60 : undefined));
    expect(found).toEqual(expected);
  },
);
