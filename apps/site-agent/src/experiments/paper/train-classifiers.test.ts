import { expect, test } from 'vitest';
import type { FilmSet } from '../../films/film-set.ts';
import type { DatasetFilms } from './films.ts';
import { trainingSets } from './train-classifiers.ts';

/** Films of one pixel, all of the same gray. */
function filmsOf(gray: number, labels: number[]): FilmSet {
  return {
    size: 1,
    count: labels.length,
    pixels: new Uint8Array(labels.length).fill(gray),
    classNames: ['normal', 'abnormal'],
    labels: Uint8Array.from(labels),
    patients: labels.map(String),
    pixelSha256: labels.map(String),
  };
}

const [TRAIN, VALIDATION, HOLD_OUT, SYNTHETIC] = [10, 20, 30, 200] as const;
const films: DatasetFilms = {
  train: filmsOf(TRAIN, [0, 1, 1]),
  validation: filmsOf(VALIDATION, [0, 1]),
  holdOut: filmsOf(HOLD_OUT, [0, 1]),
};
const synthetic = {
  images: new Uint8Array(10).fill(SYNTHETIC),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i % 2),
};
const graysOf = ({ images }: { images: Uint8Array }) => [...new Set(images)].sort((a, b) => a - b);

test('a classifier on synthetic images never sees a real film, not even to stop', () => {
  for (const method of ['gan', 'spinegan'] as const) {
    const { training, validation } = trainingSets(method, films, synthetic);
    expect(graysOf(training)).toEqual([SYNTHETIC]);
    expect(graysOf(validation)).toEqual([SYNTHETIC]);
    expect(training.labels.length + validation.labels.length).toBe(10);
  }
});

test('real and synthetic are half and half, and stopped by real films', () => {
  const { training, validation } = trainingSets('real+spinegan', films, synthetic);
  expect(training.images.filter((gray) => gray === TRAIN).length).toBe(10);
  expect(training.images.filter((gray) => gray === SYNTHETIC).length).toBe(10);
  expect(graysOf(validation)).toEqual([VALIDATION]);
});

test('repeated films keep their labels', () => {
  const { training } = trainingSets('real+spinegan', films, synthetic);
  const abnormal = [...training.labels.slice(0, 10)].filter((label) => label === 1).length;
  expect(abnormal).toBe(6); // 10 of 3 films, two of them abnormal: 0 1 2 0 1 2 0 1 2 0
});

test('no method trains or stops with the hold-out', () => {
  for (const method of ['real', 'gan', 'spinegan', 'real+spinegan'] as const) {
    const { training, validation } = trainingSets(method, films, synthetic);
    expect([...graysOf(training), ...graysOf(validation)]).not.toContain(HOLD_OUT);
  }
});
