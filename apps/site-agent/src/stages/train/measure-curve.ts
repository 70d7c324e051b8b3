import {
  type Features,
  frechetDistance,
  kernelDistance,
  precisionRecall,
  selectRows,
} from '@synspine/metrics';
import type { TrainingCurve } from '@synspine/protocol';
import { featuresOfSnapshot, type Ranking } from './rank-snapshots.ts';
import { SAMPLES_MIN, samplesOf } from './select-snapshot.ts';
import type { Snapshot } from './snapshots.ts';

const SHORT_IMAGES = 10_000; // of a run that trains for less than a minute or two; a point costs seconds
const POINTS_MAX = 32; // that a manifest takes; each stop of a run adds a snapshot
const SHORT_POINTS = 6; // the ranked snapshots, whose features are there, and others between
const FILMS_MIN = 12; // below, a ball of three neighbours is a large part of the set

/**
 * FID, KID, precision and recall along the training (the paper's Supplementary Figure 1), of as many synthetic images as validation
 * films, at most {@link SAMPLES_MIN}: at each snapshot, or at six of a short run. Null with fewer than 12 films.
 */
export async function measureCurve(
  ranking: Ranking,
  ranked: readonly Snapshot[],
): Promise<TrainingCurve | null> {
  const { films, inception, snapshots } = ranking;
  const n = Math.min(SAMPLES_MIN, films.validation.count);
  if (n < FILMS_MIN) return null;
  const rows = Array.from({ length: n }, (_, row) => row);
  const real = await inception.features(films.validation.pixels, films.validation.size);
  const validation = selectRows(real, rows);
  const points: TrainingCurve['points'] = [];
  const all = await snapshots.list();
  const isShort = all.at(-1)!.imagesShown < SHORT_IMAGES;
  for (const snapshot of spreadOver(all, ranked, isShort ? SHORT_POINTS : POINTS_MAX)) {
    const count = isAmong(ranked)(snapshot) ? samplesOf(films) : n;
    const synthetic = selectRows(await featuresOfSnapshot(ranking, snapshot, count), rows);
    points.push({ imagesShown: snapshot.imagesShown, ...score(validation, synthetic) });
  }
  return { protocol: `inception2015_validation_n${n}`, n, points };
}

function score(validation: Features, synthetic: Features) {
  const { precision, recall } = precisionRecall(validation, synthetic);
  const [fid, kid] = [frechetDistance(validation, synthetic), kernelDistance(validation, synthetic)];
  return { fid, kid, precision, recall };
}

type Place = Pick<Snapshot, 'imagesShown'>;

const isAmong = (ranked: readonly Place[]) => {
  const places = new Set(ranked.map(({ imagesShown }) => imagesShown));
  return ({ imagesShown }: Place) => places.has(imagesShown);
};

/** The ranked snapshots and, from the others, as many as `count` leaves, evenly spread from the first on; in order of training. */
export function spreadOver<S extends Place>(all: readonly S[], ranked: readonly Place[], count: number): S[] {
  const isRanked = isAmong(ranked);
  const others = all.filter((snapshot) => !isRanked(snapshot));
  const room = Math.min(others.length, Math.max(0, count - ranked.length));
  const chosen = new Set(
    Array.from({ length: room }, (_, i) => others[Math.floor((i * others.length) / room)]),
  );
  return all.filter((snapshot) => isRanked(snapshot) || chosen.has(snapshot));
}
