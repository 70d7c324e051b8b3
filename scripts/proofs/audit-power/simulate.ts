import { type Estimate, referencePolicy, verdictOf } from '../../../packages/audit-rules/src/index.ts';
import { seededNormal, seededRandom } from '../../../packages/compute/src/index.ts';
import type { Features } from '../../../packages/metrics/src/index.ts';
import { closenessShare } from '../../../packages/privacy/src/likeness/closeness.ts';
import {
  closenessTable,
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
const ATTACKS = 6;

const membersBeside = (heldOut: number) => Math.round(heldOut * MEMBERS_PER_OTHER);
const namesOf = (count: number) => Array.from({ length: count }, (_, row) => `patient-${row}`);

export function isPassed(
  estimate: Estimate,
  limit: 'closenessShareMax' | 'membershipAucMax' | 'membershipRateMax',
) {
  return verdictOf(estimate, referencePolicy.limits[limit], 'atMost') === 'pass';
}

/**
 * Films and images of one population, so that nothing leaks, one film a patient. Features are 12 independent normal numbers, as of a
 * network; pixels are those of phantoms.
 */
function honestTables(
  heldOut: number,
  images: number,
  seed: number,
  table: typeof distanceTable,
): [DistanceTable, DistanceTable] {
  const random = seededRandom(seed);
  const real = membersBeside(heldOut) + heldOut;
  return [
    table('network', normal(real, random), normal(images, random)),
    table('pixels', phantoms(real, 2 * seed), phantoms(images, 2 * seed + 1)),
  ];
}

function normal(rows: number, random: () => number): Features {
  const data = Float32Array.from({ length: rows * COLUMNS }, () => seededNormal(random));
  return { data, rows, columns: COLUMNS };
}

function phantoms(count: number, seed: number): Features {
  const { images, size } = phantomFilms(count, seed);
  return pixelEmbedding(Array.from({ length: count }, (_, row) => workingPlane(images, size, row)));
}

export type Membership = { auc: Estimate; rate: Estimate };

/** P6 of a generator that leaks nothing, from distances to verdict. */
export function honestMembership(heldOut: number, images: number, seed: number): Membership {
  const members = membersBeside(heldOut);
  const patients = namesOf(members + heldOut);
  const attacks = honestTables(heldOut, images, seed, distanceTable).flatMap((table) =>
    membershipAttacks(table, patients),
  );
  return {
    auc: membershipAuc(attacks, members, patients, seededRandom(seed)),
    rate: membershipRate(attacks, members, patients),
  };
}

export type Closeness = { network: Estimate; pixels: Estimate };

/** P2 of a generator that leaks nothing. */
export function honestCloseness(heldOut: number, images: number, seed: number): Closeness {
  const members = membersBeside(heldOut);
  const patients = namesOf(members + heldOut);
  const random = seededRandom(seed);
  const [network, pixels] = honestTables(heldOut, images, seed, closenessTable).map((table) =>
    closenessShare(
      distancesToPatients(table, patients, 0, members),
      distancesToPatients(table, patients, members, patients.length),
      random,
    ),
  );
  return { network: network!, pixels: pixels! };
}

export type Leak = 'none' | 'memorised' | 'shifted';

/**
 * Whether P6 at 1 % false positives passes six attacks, independent of each other, of which the first has a true rate of .031 among
 * members where there is a leak. `memorised`: 2.1 % of the members score above everybody, the others as strangers do; `shifted`: all
 * members' scores are normal around a higher mean.
 */
export function passesRate(heldOut: number, leak: Leak, seed: number): boolean {
  const random = seededRandom(seed);
  const members = membersBeside(heldOut);
  const patients = namesOf(members + heldOut);
  const member = () => {
    if (leak === 'shifted') return seededNormal(random) + SHIFT;
    return leak === 'memorised' && random() < MEMORISED ? 100 + random() : seededNormal(random);
  };
  const attacks = Array.from({ length: ATTACKS }, (_, attack) => ({
    name: String(attack),
    scores: Float64Array.from(patients, (_, row) =>
      attack === 0 && row < members ? member() : seededNormal(random),
    ),
  }));
  return isPassed(membershipRate(attacks, members, patients), 'membershipRateMax');
}

const MEMORISED = 0.021 / 0.99; // e + .01·(1 − e) = .031
const SHIFT = 2.3263479 - 1.8662869; // Φ⁻¹(.99) − Φ⁻¹(.969)
