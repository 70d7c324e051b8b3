import { blockPrecisionRecall, type Features, frechetDistance } from '@synspine/metrics';
import { openInceptionCache } from '../../stages/inception-cache.ts';
import type { DatasetFilms } from './films.ts';
import type { UnitContext } from './run-unit.ts';
import { alternate, type Sample } from './train-classifiers.ts';

/** NVIDIA's protocol for StyleGAN2-ADA, one training of a generator: all training films against very many images. */
export type FullProtocolScore = {
  metric: 'fid' | 'precision' | 'recall';
  /** With the count of synthetic images, and for precision and recall the network whose features they take. */
  protocol: string;
  value: number;
  trainFilms: number;
  images: number;
};

const IMAGES_AT_ONCE = 500;
const SEEDS_APART = 1_000_000; // between two generators' draws: more than chunks of any count

/**
 * FID, precision and recall (k = 3) of all training films against `fullProtocolImages` images, classes in turn. NVIDIA takes
 * precision and recall on VGG16's features, which no package registry holds: these are on Inception's, and named so. The
 * training films are the reference, so copies score well: it stands beside the held-out scores, for comparison with print.
 */
export async function measureFullProtocol(
  { folder, unit, signal }: UnitContext,
  { train }: DatasetFilms,
  sample: Sample,
): Promise<FullProtocolScore[]> {
  const images = folder.options.fullProtocolImages;
  const inception = await openInceptionCache(folder.private.features, signal);
  const real = await inception.features(train.pixels, train.size);
  const labels = alternate(images, train.classNames.length);
  const data = new Float32Array(images * real.columns);
  for (let start = 0; start < images; start += IMAGES_AT_ONCE) {
    signal.throwIfAborted();
    const seed = unit.generator!.seed * SEEDS_APART + start / IMAGES_AT_ONCE;
    const chunk = sample(labels.subarray(start, start + IMAGES_AT_ONCE), seed);
    data.set(inception.embed(chunk.images, train.size).data, start * real.columns);
  }
  inception.dispose();
  const synthetic: Features = { data, rows: images, columns: real.columns };
  const { precision, recall } = blockPrecisionRecall(real, synthetic);
  const ofAll = { trainFilms: train.count, images };
  const against = `train_full_${countName(images)}`;
  return [
    { metric: 'fid', protocol: `fid_${against}`, value: frechetDistance(real, synthetic), ...ofAll },
    { metric: 'precision', protocol: `precision_inception_k3_${against}`, value: precision, ...ofAll },
    { metric: 'recall', protocol: `recall_inception_k3_${against}`, value: recall, ...ofAll },
  ];
}

/** 50000 → 50k, 512 → 512 */
function countName(count: number): string {
  return count % 1_000 === 0 ? `${count / 1_000}k` : String(count);
}
