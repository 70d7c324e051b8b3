import { seededRandom, shuffled } from '@synspine/compute';
import { createSampler, type GanPreset } from '@synspine/gan';
import { kernelDistance } from '@synspine/metrics';
import { selectFilms } from '../../films/film-set.ts';
import { assertSameProbe, takeProbe } from '../generator-probe.ts';
import type { InceptionCache } from '../inception-cache.ts';
import { type CopySignal, featureSignal, type Rows } from './copy-share.ts';
import type { TrainContext } from './run.ts';
import { type Candidate, limitOf, samplesOf, shortlist } from './select-snapshot.ts';
import type { Snapshot, SnapshotStore } from './snapshots.ts';
import { TRAINING_SHARE } from './train-generator.ts';

// Inception is the cost here, about ten images a second on two cores: four times the samples, and the films themselves.
const CANDIDATES_MAX = 4;
const TRAIN_FILMS_MIN = 120;

export type Ranking = Pick<TrainContext, 'options' | 'films' | 'report'> & {
  preset: GanPreset;
  snapshots: SnapshotStore;
  inception: InceptionCache;
};

/** Measures the most promising snapshots against the validation films, and how near they come to the training films. */
export async function rankSnapshots(ranking: Ranking): Promise<Candidate[]> {
  const { films, options, inception, snapshots } = ranking;
  const size = films.train.size;
  const rows = Array.from({ length: films.train.count }, (_, row) => row);
  const chosen = shuffled(rows, seededRandom(options.seed)).slice(
    0,
    Math.max(TRAIN_FILMS_MIN, films.validation.count),
  );
  const shown = selectFilms(films.train, chosen);
  const train = await inception.features(shown.pixels, size);
  const validation = await inception.features(films.validation.pixels, size);
  const copyShare = featureSignal(train, validation, shown.patients);
  const candidates: Candidate[] = [];
  const listed = shortlist(await snapshots.list(), CANDIDATES_MAX, limitOf(films));
  for (const [i, snapshot] of listed.entries()) {
    await ranking.report({ share: TRAINING_SHARE + ((1 - TRAINING_SHARE) * (i + 1)) / (listed.length + 1) });
    candidates.push(await measure(ranking, snapshot, validation, copyShare));
  }
  return candidates;
}

async function measure(
  ranking: Ranking,
  snapshot: Snapshot,
  validation: Rows,
  copyShare: CopySignal,
): Promise<Candidate> {
  const synthetic = await featuresOfSnapshot(ranking, snapshot);
  return {
    ...snapshot,
    copyShareFeatures: copyShare(synthetic),
    kidValidation: kernelDistance(validation, synthetic),
  };
}

/** Features of `count` images by which a snapshot is judged, with the validation films' labels in turn. */
export async function featuresOfSnapshot(
  { preset, films, options, snapshots, inception }: Ranking,
  snapshot: Snapshot,
  count = samplesOf(films),
): Promise<Rows> {
  const { weights, probe } = await snapshots.read(snapshot);
  const sampler = createSampler(weights, preset);
  assertSameProbe(takeProbe(sampler), probe); // a snapshot of an agent before an upgrade
  const labels = Uint8Array.from(
    { length: count },
    (_, i) => films.validation.labels[i % films.validation.count]!,
  );
  const images = sampler.sample({ labels, seed: options.seed + snapshot.imagesShown, psi: options.psi });
  sampler.dispose();
  return inception.features(images, preset.resolution);
}
