import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { phantomFeatures, phantomFilms } from '../phantom-films.ts';
import { alterFilm } from '../pixels/alter-film.ts';
import { workingPlane } from '../pixels/plane.ts';
import { createCopyScorer } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';
import { findNearCopies } from './near-copies.ts';
import { coarseMatch, refineMatch, registrable, structuralSimilarity, turnedViews } from './registration.ts';

const train = phantomFilms(40, 1, 2);
const bytes = train.size ** 2;

describe('registration', () => {
  it('finds the pose of a disguised film and sees that it is the same', () => {
    const random = seededRandom(3);
    const film = registrable(workingPlane(train.images, 32, 4));
    const copy = alterFilm(train.images.subarray(4 * bytes, 5 * bytes), 32, random);
    const query = registrable(workingPlane(copy, 32, 0));
    const coarse = coarseMatch(query, turnedViews(film));
    const fine = refineMatch(query, film, coarse);
    expect(fine.correlation).toBeGreaterThan(coarse.correlation - 0.02);
    expect(fine.correlation).toBeGreaterThan(0.85);
    expect(structuralSimilarity(query, film, fine.pose)).toBeGreaterThan(0.85);
  });

  it('finds another film less alike in every pose', () => {
    const film = registrable(workingPlane(train.images, 32, 4));
    const other = registrable(workingPlane(train.images, 32, 20));
    const match = refineMatch(other, film, coarseMatch(other, turnedViews(film)));
    expect(match.correlation).toBeLessThan(0.8);
  });

  it('of a film with itself is perfect', () => {
    const film = registrable(workingPlane(train.images, 32, 4));
    const match = refineMatch(film, film, coarseMatch(film, turnedViews(film)));
    expect(match.correlation).toBeCloseTo(1, 5);
    expect(structuralSimilarity(film, film, match.pose)).toBeCloseTo(1, 5);
  });
});

describe('copy scores', () => {
  const score = createCopyScorer(train);

  it('name the source of a copy and stand far above those of strangers', () => {
    const random = seededRandom(8);
    const sources = Array.from({ length: 20 }, (_, index) => index * 4);
    const images = new Uint8Array(20 * bytes);
    sources.forEach((row, index) => {
      images.set(alterFilm(train.images.subarray(row * bytes, (row + 1) * bytes), 32, random), index * bytes);
    });
    const copies = score({ images, size: 32, features: phantomFeatures(images, 20, 32) });
    expect(copies.map(({ trainRow }) => train.patients[trainRow])).toEqual(
      sources.map((row) => train.patients[row]),
    );
    const strangers = score(phantomFilms(20, 9)).map(({ excess }) => excess);
    expect(Math.min(...copies.map(({ excess }) => excess))).toBeGreaterThan(Math.max(...strangers) + 0.2);
  });

  it('don’t take a flat image for anybody’s copy', () => {
    const images = new Uint8Array(bytes).fill(100);
    const [flat] = score({ images, size: 32, features: phantomFeatures(images, 1, 32) });
    expect(flat!.excess).toBeCloseTo(0, 5);
  });
});

describe('near copies', () => {
  it.each([0, 1, 5, 20])(
    'are found when films come back %i gray levels brighter and else unchanged',
    (levels) => {
      const images = train.images.slice(0, 20 * bytes).map((gray) => Math.min(255, gray + levels));
      const synthetic = { images, size: 32, features: phantomFeatures(images, 20, 32) };
      const sets = { train, heldOut: phantomFilms(40, 2, 2), synthetic };
      const found = findNearCopies(sets, { tail: 0.001, embed: phantomFeatures, random: seededRandom(4) });
      expect(found).toMatchObject({ confirmed: 20, screened: 20 });
    },
  );
});

describe('the extreme threshold', () => {
  const random = seededRandom(2);
  const gumbel = () => 0.2 - 0.05 * Math.log(-Math.log(random()));

  it('is the wanted quantile of maxima, read from a hundred of them', () => {
    const truth = 0.2 - 0.05 * Math.log(-Math.log(0.999));
    const thresholds = Array.from({ length: 50 }, () =>
      extremeThreshold(Array.from({ length: 100 }, gumbel), 0.001),
    );
    const mean = thresholds.reduce((sum, value) => sum + value, 0) / 50;
    expect(Math.abs(mean / truth - 1)).toBeLessThan(0.03);
  });

  it('hardly moves when a tenth of the films are real copies, as a counted percentile would', () => {
    const honest = Array.from({ length: 90 }, gumbel);
    const clean = extremeThreshold(honest, 0.001);
    const mixed = extremeThreshold([...honest, ...new Array(10).fill(1.5)], 0.001);
    expect(mixed / clean).toBeGreaterThan(0.95);
    expect(mixed / clean).toBeLessThan(1.35);
  });

  it('rises as fewer honest films may exceed it', () => {
    const honest = Array.from({ length: 90 }, gumbel);
    expect(extremeThreshold(honest, 0.0001)).toBeGreaterThan(extremeThreshold(honest, 0.001));
  });
});
