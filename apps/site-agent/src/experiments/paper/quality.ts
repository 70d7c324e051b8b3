import type { QualityScore } from '@synspine/protocol';
import { compareFeatures } from '../../stages/evaluate/compare-features.ts';
import { scoreLabelFidelity } from '../../stages/evaluate/label-fidelity.ts';
import { scoreQuality } from '../../stages/evaluate/quality-scores.ts';
import { openInceptionCache } from '../../stages/inception-cache.ts';
import type { DatasetFilms } from './films.ts';
import type { UnitContext } from './run-unit.ts';
import type { Sample } from './train-classifiers.ts';

const FIDELITY_IMAGES = 512; // SE .02 of a share

/** The pipeline's own scores of a generator against its data set's hold-out, all with intervals and beside real films. */
export async function measureQuality(
  { folder, unit, signal }: UnitContext,
  { holdOut, ...films }: DatasetFilms,
  sample: Sample,
): Promise<QualityScore[]> {
  const seed = unit.generator!.seed;
  const { classNames } = films.train;
  const asked = Uint8Array.from({ length: FIDELITY_IMAGES }, (_, i) => i % classNames.length);
  const like = toPixels(sample(holdOut.labels, seed));
  const inception = await openInceptionCache(folder.private.features, signal);
  const compared = await compareFeatures(inception, {
    heldOut: holdOut,
    synthetic: like,
    train: films.train,
  });
  inception.dispose();
  const fidelity = await scoreLabelFidelity(films, toPixels(sample(asked, seed)), holdOut, { seed, signal });
  return [...scoreQuality(compared, classNames), ...fidelity];
}

function toPixels({ images, labels }: ReturnType<Sample>) {
  return { pixels: images, labels };
}
