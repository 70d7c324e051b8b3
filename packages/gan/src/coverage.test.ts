import { expect, test } from 'vitest';
import { filmCoverage } from './coverage.ts';
import { fillNormals } from './seeds.ts';

/** Rows of 64 numbers, some directions wider than others, as films have them. */
const rows = (n: number, seed: number) =>
  Array.from({ length: n }, (_, i) => {
    const row = new Float32Array(64);
    fillNormals(row, seed, i);
    return row.map((v, d) => v / Math.sqrt(d + 1));
  });
const films = rows(32, 1);
const repeated = (modes: number) => Array.from({ length: 32 }, (_, i) => rows(modes, 2)[i % modes]!);

test('images as varied as the films cover as many of them as other films do', () => {
  const values = Array.from({ length: 20 }, (_, i) => filmCoverage(rows(32, 10 + i), films));
  expect(Math.min(...values)).toBeGreaterThan(0.5);
});

test('a few images over and over cover no more films than they are, even near the mean of all', () => {
  for (const modes of [1, 2, 4]) expect(filmCoverage(repeated(modes), films)).toBeLessThan(0.35);
  const mean = new Float32Array(64);
  expect(
    filmCoverage(
      Array.from({ length: 32 }, () => mean),
      films,
    ),
  ).toBeLessThan(0.1);
});

test('copies of all films cover them', () => {
  expect(filmCoverage(films, films)).toBeGreaterThan(1);
});

test('fewer than eight films say nothing', () => {
  expect(filmCoverage(rows(7, 3), films.slice(0, 7))).toBeNaN();
  expect(filmCoverage(rows(8, 3), films.slice(0, 8))).not.toBeNaN();
});
