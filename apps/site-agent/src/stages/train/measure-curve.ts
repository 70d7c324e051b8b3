import {
  type Features,
  frechetDistance,
  kernelDistance,
  precisionRecall,
  selectRows,
} from '@synspine/metrics';
import type { TrainingCurve } from '@synspine/protocol';
import { featuresOfSnapshot, type Ranking, SAMPLES } from './rank-snapshots.ts';
import type { Snapshot } from './snapshots.ts';

const POINTS_MAX = 8; // those that were ranked, whose features are there, and others between: seconds each
const FILMS_MIN = 12; // below, a ball of three neighbours is a large part of the set

/**
 * FID, KID, precision and recall along the training (the paper's Supplementary Figure 1), of as many synthetic images as validation
 * films, at most {@link SAMPLES}. Null with fewer than 12 of these.
 */
export async function measureCurve(
  ranking: Ranking,
  ranked: readonly Snapshot[],
): Promise<TrainingCurve | null> {
  const { films, inception, snapshots } = ranking;
  const n = Math.min(SAMPLES, films.validation.count);
  if (n < FILMS_MIN) return null;
  const rows = Array.from({ length: n }, (_, row) => row);
  const all = await inception.features(films.validation.pixels, films.validation.size);
  const validation = selectRows(all, rows);
  const points: TrainingCurve['points'] = [];
  for (const snapshot of spreadOver(await snapshots.list(), ranked, POINTS_MAX)) {
    const synthetic = selectRows(await featuresOfSnapshot(ranking, snapshot), rows);
    points.push({ imagesShown: snapshot.imagesShown, ...score(validation, synthetic) });
  }
  return { protocol: `inception2015_validation_n${n}`, n, points };
}

function score(validation: Features, synthetic: Features) {
  const { precision, recall } = precisionRecall(validation, synthetic);
  const [fid, kid] = [frechetDistance(validation, synthetic), kernelDistance(validation, synthetic)];
  return { fid, kid, precision, recall };
}

/** The ranked snapshots and, from the others, as many as `count` leaves, evenly spread from the first on; in order of training. */
export function spreadOver<S extends Pick<Snapshot, 'imagesShown'>>(
  all: readonly S[],
  ranked: readonly Pick<Snapshot, 'imagesShown'>[],
  count: number,
): S[] {
  const isRanked = ({ imagesShown }: S) => ranked.some((other) => other.imagesShown === imagesShown);
  const others = all.filter((snapshot) => !isRanked(snapshot));
  const room = Math.min(others.length, Math.max(0, count - ranked.length));
  const chosen = new Set(
    Array.from({ length: room }, (_, i) => others[Math.floor((i * others.length) / room)]),
  );
  return all.filter((snapshot) => isRanked(snapshot) || chosen.has(snapshot));
}
