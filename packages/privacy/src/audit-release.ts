import {
  type AuditPolicy,
  type AuditTest,
  counted,
  judgeTest,
  lowestShareFound,
  type PlantedKind,
} from '@synspine/audit-rules';
import { seededRandom } from '@synspine/compute';
import { type Features, joinRows } from '@synspine/metrics';
import { closenessShare } from './likeness/closeness.ts';
import { closenessTable, distancesToPatients, distanceTable } from './likeness/distance-table.ts';
import { membershipAttacks } from './likeness/membership-attacks.ts';
import { membershipAuc } from './likeness/membership-auc.ts';
import { membershipRate, patientsForRate } from './likeness/membership-rate.ts';
import { findNearCopies, type NearCopies } from './near-copies/near-copies.ts';
import { pixelEmbedding } from './pixels/pixel-embedding.ts';
import { workingPlane } from './pixels/plane.ts';
import { measurePower } from './planted/measure-power.ts';
import {
  assertImages,
  assertSets,
  countOf,
  type ImageSet,
  type RealSet,
  type SampleSet,
  selectFilms,
} from './sample-set.ts';

export type AuditInput = {
  /** Every film that the generator, or the judge in its loss, was trained on. */
  train: RealSet;
  /** Patients who took no part in training, thresholds or selection. */
  heldOut: RealSet;
  synthetic: SampleSet;
  /** All other images of the release, hundreds at a time: screened for near copies (P1), as those with features are. */
  alsoReleased?: Iterable<ImageSet>;
  seed: number;
};

/** What the tests found; decideGate turns it into a decision. Scalars only: it may leave the site. */
export type AuditFindings = {
  tests: AuditTest[];
  /** Why the audit can't be trusted, if so; any entry rejects the release. */
  faults: string[];
  /** Facts that a reader of the report should know. */
  notes: string[];
};

const HELD_OUT_COPIES_MAX = 0.2; // share of held-out patients; past it the hold-out tells nothing about strangers

/**
 * Runs tests P0, P1, P2 and P6. Same input and seed, same findings. Held-out patients with a film that
 * the detector takes for a copy of a training film aren't strangers (one person under two names, usually): they set no
 * threshold, are left out of P2 and P6, and are counted in a note. Throws a PrivacyError when the sets can't be audited;
 * the caller must then release nothing.
 */
export function auditRelease(input: AuditInput, policy: AuditPolicy): AuditFindings {
  assertSets(input.train, input.heldOut, input.synthetic);
  const random = seededRandom(input.seed);
  const sets = { ...input, released: releasedImages(input) };
  const copies = findNearCopies(sets, policy.limits.nearCopyTail);
  const { strangers, suspects, suspectShare } = withoutCopies(input.heldOut, copies);
  const notes = suspects === 0 ? [] : [describeSuspects(suspects)];
  if (suspectShare > HELD_OUT_COPIES_MAX) {
    return {
      tests: [],
      faults: [
        'the hold-out is not separate from training: too many of its patients have films that are copies',
      ],
      notes,
    };
  }
  assertSets(input.train, strangers, input.synthetic);
  const power = measurePower(input, copies.isCopied, random);
  const likeness = likenessTests({ ...input, heldOut: strangers }, policy, random);
  return { tests: [...copyTests(copies, power, input, policy), ...likeness], faults: [], notes };
}

function* releasedImages({ train, synthetic, alsoReleased = [] }: AuditInput): Generator<ImageSet> {
  yield synthetic;
  for (const images of alsoReleased) {
    assertImages(images, train.size);
    yield images;
  }
}

function withoutCopies(heldOut: RealSet, { heldOutCopies }: NearCopies) {
  const suspects = new Set(heldOutCopies.map((row) => heldOut.patients[row]!));
  const rows = [...heldOut.patients.keys()].filter((row) => !suspects.has(heldOut.patients[row]!));
  return {
    strangers: selectFilms(heldOut, rows),
    suspects: suspects.size,
    suspectShare: suspects.size / new Set(heldOut.patients).size,
  };
}

function describeSuspects(count: number): string {
  const who = count === 1 ? '1 held-out patient took' : `${count} held-out patients took`;
  return `${who} no part in P2 and P6: their films look copied from training films (one person under two names?)`;
}

function copyTests(
  copies: NearCopies,
  details: PlantedKind[],
  { heldOut }: AuditInput,
  policy: AuditPolicy,
): AuditTest[] {
  const by = { policy, imageSize: heldOut.size };
  const patients = new Set(heldOut.patients).size;
  const planted = details.reduce((sum, kind) => sum + kind.planted, 0);
  return [
    judgeTest('planted', counted(lowestShareFound(details)), { n: planted, patients, details }, by),
    judgeTest('nearCopies', counted(copies.confirmed), { n: copies.screened, patients }, by),
  ];
}

function likenessTests(input: AuditInput, policy: AuditPolicy, random: () => number): AuditTest[] {
  const { train, heldOut, synthetic } = input;
  const by = { policy, imageSize: train.size };
  const patients = [...train.patients, ...heldOut.patients];
  const members = countOf(train);
  const network = networkFeatures(input);
  const pixels = pixelFeatures(input);
  const closeness = ({ real, released }: Embedded) => {
    const table = closenessTable('aligned', real, released);
    return closenessShare(
      distancesToPatients(table, patients, 0, members),
      distancesToPatients(table, patients, members, patients.length),
      random,
    );
  };
  const tables = [
    distanceTable('network', network.real, network.released),
    distanceTable('pixels', pixels.real, pixels.released),
  ];
  const attacks = tables.flatMap((table) => membershipAttacks(table, patients));
  const heldOutPatients = new Set(heldOut.patients).size;
  const images = { n: countOf(synthetic), patients: heldOutPatients };
  const films = { n: patients.length, patients: heldOutPatients };
  const rate = membershipRate(attacks, members, patients);
  const sizes = {
    patients: heldOutPatients,
    membersPerOther: new Set(train.patients).size / heldOutPatients,
    attackCount: attacks.length,
  };
  return [
    judgeTest('closenessNetwork', closeness(network), images, by),
    judgeTest('closenessPixels', closeness(pixels), images, by),
    judgeTest('membershipAuc', membershipAuc(attacks, members, patients, random), films, by),
    judgeTest('membershipRate', rate, films, by, (limit) => patientsForRate(rate.statistic, limit, sizes)),
  ];
}

/** Real films, training ones first, and released images in one embedding. */
type Embedded = { real: Features; released: Features };

function networkFeatures({ train, heldOut, synthetic }: AuditInput): Embedded {
  return { real: joinRows(train.features, heldOut.features), released: synthetic.features };
}

function pixelFeatures({ train, heldOut, synthetic }: AuditInput): Embedded {
  const embed = (set: ImageSet) =>
    pixelEmbedding(Array.from({ length: countOf(set) }, (_, row) => workingPlane(set.images, set.size, row)));
  return { real: joinRows(embed(train), embed(heldOut)), released: embed(synthetic) };
}
