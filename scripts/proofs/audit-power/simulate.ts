import { type Estimate, referencePolicy, verdictOf } from '../../../packages/audit-rules/src/index.ts';
import { seededNormal, seededRandom } from '../../../packages/compute/src/index.ts';
import type { Features } from '../../../packages/metrics/src/index.ts';
import { closenessShare } from '../../../packages/privacy/src/likeness/closeness.ts';
import {
  type DistanceTable,
  distancesToPatients,
  distanceTable,
} from '../../../packages/privacy/src/likeness/distance-table.ts';
import { membershipAttacks } from '../../../packages/privacy/src/likeness/membership-attacks.ts';
import { membershipAuc } from '../../../packages/privacy/src/likeness/membership-auc.ts';
import { membershipRate } from '../../../packages/privacy/src/likeness/membership-rate.ts';
import { phantomFilms } from '../../../packages/privacy/src/phantom-films.ts';
import { pixelEmbedding } from '../../../packages/privacy/src/pixels/pixel-embedding.ts';
import { workingPlane } from '../../../packages/privacy/src/pixels/plane.ts';

/** Training patients per held-out one in the agent's split: 60 % train, 25 % are held out. */
const MEMBERS_PER_OTHER = 0.6 / 0.25;
const COLUMNS = 12;

/** Which tests passed, each with the reference policy's limit. */
export type Passes = {
  closenessNetwork?: boolean;
  closenessPixels?: boolean;
  membershipAuc: boolean;
  membershipRate: boolean;
};

/**
 * The audit's statistical tests on a generator that leaks nothing: its images are drawn from the same population as training and
 * held-out films, one film a patient. Features are 12 independent normal numbers, as of a network; pixels are those of phantoms.
 */
export function auditOfNoLeak(
  size: { heldOut: number; images: number; closeness: boolean },
  seed: number,
): Passes {
  const random = seededRandom(seed);
  const members = Math.round(size.heldOut * MEMBERS_PER_OTHER);
  const real = members + size.heldOut;
  const patients = Array.from({ length: real }, (_, row) => `patient-${row}`);
  const tables = [
    distanceTable('network', normal(real, random), normal(size.images, random)),
    distanceTable('pixels', phantoms(real, 2 * seed), phantoms(size.images, 2 * seed + 1)),
  ];
  const attacks = tables.flatMap((table) => membershipAttacks(table, patients));
  const { limits } = referencePolicy;
  const passes = (estimate: Estimate, limit: number) => verdictOf(estimate, limit, 'atMost') === 'pass';
  const close = (table: DistanceTable) =>
    passes(
      closenessShare(
        distancesToPatients(table, patients, 0, members),
        distancesToPatients(table, patients, members, real),
        random,
      ),
      limits.closenessShareMax,
    );
  const [network, pixels] = size.closeness ? tables.map(close) : [];
  return {
    ...(size.closeness ? { closenessNetwork: network, closenessPixels: pixels } : {}),
    membershipAuc: passes(membershipAuc(attacks, members, patients, random), limits.membershipAucMax),
    membershipRate: passes(membershipRate(attacks, members, patients), limits.membershipRateMax),
  };
}

function normal(rows: number, random: () => number): Features {
  const data = Float32Array.from({ length: rows * COLUMNS }, () => seededNormal(random));
  return { data, rows, columns: COLUMNS };
}

function phantoms(count: number, seed: number): Features {
  const { images, size } = phantomFilms(count, seed);
  return pixelEmbedding(Array.from({ length: count }, (_, row) => workingPlane(images, size, row)));
}

/**
 * P6 at 1 % false positives on six attacks of which one names more members than the limit allows, .031. `memorised`: 2.1 % of the
 * members score above everybody, all others as strangers do; `shifted`: all members' scores are normal around a higher mean.
 */
export function rateOfLeak(heldOut: number, kind: 'memorised' | 'shifted', seed: number): boolean {
  const random = seededRandom(seed);
  const members = Math.round(heldOut * MEMBERS_PER_OTHER);
  const patients = Array.from({ length: members + heldOut }, (_, row) => `patient-${row}`);
  const member = () => {
    if (kind === 'shifted') return seededNormal(random) + SHIFT;
    return random() < MEMORISED ? 100 + random() : seededNormal(random);
  };
  const attacks = Array.from({ length: 6 }, (_, attack) => ({
    name: String(attack),
    scores: Float64Array.from(patients, (_, row) =>
      attack === 0 && row < members ? member() : seededNormal(random),
    ),
  }));
  return (
    verdictOf(
      membershipRate(attacks, members, patients),
      referencePolicy.limits.membershipRateMax,
      'atMost',
    ) === 'pass'
  );
}

const MEMORISED = 0.021 / 0.99; // e + .01·(1 − e) = .031
const SHIFT = 2.3263479 - 1.8662869; // Φ⁻¹(.99) − Φ⁻¹(.969)
