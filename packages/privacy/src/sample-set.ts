import type { Features } from '@synspine/metrics';
import { PrivacyError } from './privacy-error.ts';

export type ImageSet = {
  /** count·size·size gray bytes. */
  images: Uint8Array;
  /** Side in pixels. */
  size: number;
};

/** Images of one kind. Real films name their patient by an opaque key; synthetic ones need none. */
export type SampleSet = ImageSet & {
  /** Network features (Inception's) of the same images, one row each. */
  features: Features;
};

export type RealSet = SampleSet & { patients: readonly string[] };

/** Films chosen by row. */
export function selectFilms(set: RealSet, rows: readonly number[]): RealSet {
  const bytes = set.size * set.size;
  const images = new Uint8Array(rows.length * bytes);
  const data = new Float32Array(rows.length * set.features.columns);
  rows.forEach((row, index) => {
    const start = row * set.features.columns;
    images.set(set.images.subarray(row * bytes, (row + 1) * bytes), index * bytes);
    data.set(set.features.data.subarray(start, start + set.features.columns), index * set.features.columns);
  });
  return {
    images,
    size: set.size,
    patients: rows.map((row) => set.patients[row]!),
    features: { data, rows: rows.length, columns: set.features.columns },
  };
}

export function countOf({ images, size }: ImageSet): number {
  return images.length / size ** 2;
}

/** Throws unless images, features and patients agree in number, sizes match, and no patient is on both sides. */
export function assertSets(train: RealSet, heldOut: RealSet, synthetic: SampleSet): void {
  for (const [name, set] of Object.entries({ train, heldOut, synthetic })) {
    const { rows, columns, data } = set.features;
    if (rows < 1 || set.images.length !== rows * set.size ** 2 || data.length !== rows * columns) {
      throw new PrivacyError(
        'sets-unusable',
        `The ${name} images and features don't agree in number; extract them again.`,
      );
    }
    if (set.size !== train.size || columns !== train.features.columns) {
      throw new PrivacyError(
        'sets-unusable',
        `The ${name} set has another image size or feature width than train.`,
      );
    }
    if (!data.every(Number.isFinite)) {
      throw new PrivacyError(
        'sets-unusable',
        `The ${name} features hold NaN or infinity; check the network.`,
      );
    }
  }
  assertPatients(train, heldOut);
}

/** Throws unless the buffer holds whole images of the given size, one at least. */
export function assertImages(set: ImageSet, size: number): void {
  if (set.size !== size || set.images.length === 0 || !Number.isInteger(countOf(set))) {
    throw new PrivacyError(
      'sets-unusable',
      'The other released images have another size than the films; pass whole images.',
    );
  }
}

function assertPatients(train: RealSet, heldOut: RealSet): void {
  if (train.patients.length !== countOf(train) || heldOut.patients.length !== countOf(heldOut)) {
    throw new PrivacyError('sets-unusable', 'Every real film needs its patient; pass one key per film.');
  }
  const known = new Set(train.patients);
  if (heldOut.patients.some((patient) => known.has(patient))) {
    throw new PrivacyError(
      'patients-overlap',
      'A held-out patient is also in training; split by patient and train again.',
    );
  }
  if (new Set(heldOut.patients).size < 8 || known.size < 8) {
    throw new PrivacyError('too-few-patients', 'An audit needs at least 8 training and 8 held-out patients.');
  }
}
