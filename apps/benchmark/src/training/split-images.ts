import { createHash } from 'node:crypto';
import type { LabelledImages } from '@synspine/classifier';
import { BenchmarkError } from '../benchmark-error.ts';
import type { LoadedImages } from '../releases/load-images.ts';

/** One image in five validates. Synthetic images have no patients: each is drawn on its own. */
const VALIDATION_SHARE = 0.2;
/** More images than this don't get shown often enough to matter, and cost memory. */
const IMAGES_MAX = 12_000;
/** Fewer of a class than this, and a validation AUC means nothing. */
const PER_CLASS_MIN = 10;

export type SplitImages = { training: LabelledImages; validation: LabelledImages };

/**
 * Joins the images of one or more releases and splits each class in an order by hash of (manifest, index), so that what
 * validates a release alone doesn't train the pool. Each site gives at most its equal share of the limit.
 * Throws TOO_FEW_IMAGES.
 */
export function splitImages(
  sources: readonly { manifestSha256: string; loaded: LoadedImages }[],
  size: number,
): SplitImages {
  const strata = sources.flatMap((source) =>
    splitClasses(shuffledRows(source, size), Math.floor(IMAGES_MAX / sources.length)),
  );
  return {
    training: join(strata.flatMap((stratum) => stratum.training)),
    validation: join(strata.flatMap((stratum) => stratum.validation)),
  };
}

type Row = { label: number; pixels: Uint8Array };

/** Split first and cut to `countMax` then, in proportion: a cut before the split would move it with the number of sites. */
function splitClasses(rows: readonly Row[], countMax: number): { training: Row[]; validation: Row[] }[] {
  const firstOf = (some: readonly Row[]) =>
    some.slice(0, Math.floor((some.length * Math.min(countMax, rows.length)) / rows.length));
  return [0, 1].map((label) => {
    const ofClass = rows.filter((row) => row.label === label);
    const cut = Math.round(ofClass.length * VALIDATION_SHARE);
    return { training: firstOf(ofClass.slice(cut)), validation: firstOf(ofClass.slice(0, cut)) };
  });
}

function shuffledRows(
  { manifestSha256, loaded }: { manifestSha256: string; loaded: LoadedImages },
  size: number,
): Row[] {
  const ranked = Array.from(loaded.labels, (label, row) => ({
    label,
    pixels: loaded.images.subarray(row * size ** 2, (row + 1) * size ** 2),
    rank: rankOf(manifestSha256, loaded.indices[row]!),
  }));
  return ranked.sort((a, b) => a.rank - b.rank);
}

/** A number in [0, 1) that only the release and the image's number decide. */
function rankOf(manifestSha256: string, index: number): number {
  return createHash('sha256').update(`${manifestSha256}:${index}`).digest().readUInt32BE() / 2 ** 32;
}

function join(rows: readonly Row[]): LabelledImages {
  const labels = rows.map((row) => row.label);
  for (const label of [0, 1])
    if (labels.filter((l) => l === label).length < PER_CLASS_MIN) throw new BenchmarkError('TOO_FEW_IMAGES');
  return { images: Buffer.concat(rows.map((row) => row.pixels)), labels };
}
