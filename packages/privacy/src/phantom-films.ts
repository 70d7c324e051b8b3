import { seededNormal, seededRandom } from '@synspine/compute';
import type { Features } from '@synspine/metrics';
import { PIXEL_COLUMNS, pixelEmbedding } from './pixels/pixel-embedding.ts';
import { blur, workingPlane } from './pixels/plane.ts';
import type { RealSet } from './sample-set.ts';

const SIZE = 32;

/**
 * Drawn radiographs for tests: everybody has the same chest and a column down the middle; a patient has a curve, an exposure and
 * soft tissue of their own, and each of one or two films its own position and grain. Same seed, same films.
 */
export function phantomFilms(patientCount: number, seed: number, filmsPerPatient = 1): RealSet {
  const random = seededRandom(seed);
  const films: Uint8Array[] = [];
  const patients: string[] = [];
  for (let patient = 0; patient < patientCount; patient++) {
    const anatomy = drawAnatomy(random);
    for (let film = 0; film < filmsPerPatient; film++) {
      films.push(drawFilm(anatomy, random));
      patients.push(`${seed}-${patient}`);
    }
  }
  const images = Uint8Array.from(films.flatMap((film) => [...film]));
  return { images, size: SIZE, patients, features: phantomFeatures(images, films.length, SIZE) };
}

type Anatomy = { bend: number; twist: number; phase: number; brightness: number; tissue: Float32Array };

function drawAnatomy(random: () => number): Anatomy {
  const noise = Float32Array.from({ length: SIZE * SIZE }, () => seededNormal(random));
  return {
    bend: 4 * seededNormal(random),
    twist: 1 + random(),
    phase: random() * 6,
    brightness: 80 + 40 * random(),
    tissue: blur({ values: noise, size: SIZE }, 1).values.map((value) => 60 * value),
  };
}

function drawFilm(anatomy: Anatomy, random: () => number): Uint8Array {
  const shift = seededNormal(random);
  const film = new Uint8Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y++) {
    const middle =
      SIZE / 2 + shift + anatomy.bend * Math.sin((anatomy.twist * Math.PI * y) / SIZE + anatomy.phase);
    for (let x = 0; x < SIZE; x++) {
      const spine = 90 * Math.exp(-(((x - middle) / 2.5) ** 2));
      const ribs = 15 * Math.sin(y * 1.3 + Math.abs(x - middle) * 0.4);
      const grain = 3 * seededNormal(random);
      const value = anatomy.brightness + spine + ribs + anatomy.tissue[y * SIZE + x]! + grain;
      film[y * SIZE + x] = Math.min(255, Math.max(0, value));
    }
  }
  return film;
}

/** Stands in for a network: the pixel embedding of the blurred image, scaled as features are. */
export function phantomFeatures(images: Uint8Array, count: number, size: number): Features {
  const planes = Array.from({ length: count }, (_, row) => blur(workingPlane(images, size, row), 1));
  const { data } = pixelEmbedding(planes);
  return { data: data.map((value) => value * 10), rows: count, columns: PIXEL_COLUMNS };
}
