import {
  type BatteryRow,
  limitFieldOf,
  PLANTED_EACH_MIN,
  PLANTED_KINDS,
  PLANTED_LOSSY,
  rowOf,
  TEST_KEYS,
  type TestKey,
} from './battery.ts';
import { type Acceptance, type AuditPolicy, acceptanceState } from './policy.ts';
import { type AuditTest, auditTest, type PlantedKind } from './report.ts';
import { type Estimate, patientsBySquareRoot, verdictOf } from './verdict.ts';

/** What an audit is judged by: the policy, and how many pixels a side its images have. */
export type JudgedBy = { policy: AuditPolicy; imageSize: number };

const limitOf = (key: TestKey, { policy, imageSize }: JudgedBy) =>
  policy.limits[limitFieldOf(key, imageSize)];

/**
 * One row of a report: an estimate judged by the policy. `n` images or films, `patients` held-out patients. `needed` says how many would
 * decide where that doesn't follow from the interval's width.
 */
export function judgeTest(
  key: TestKey,
  estimate: Estimate,
  counts: { n: number; patients: number; details?: PlantedKind[] },
  judgedBy: JudgedBy,
  needed: (limit: number) => number = (limit) => patientsBySquareRoot(estimate, limit, counts.patients),
): AuditTest {
  const row = rowOf(key);
  const limit = limitOf(key, judgedBy);
  const verdict = verdictOf(estimate, limit, row.direction);
  const { statistic, ciLow, ciHigh } = estimate;
  return {
    key,
    id: row.id,
    name: row.name,
    statistic,
    ciLow,
    ciHigh,
    limit,
    n: counts.n,
    patients: counts.patients,
    verdict,
    patientsNeeded: verdict === 'undecided' ? needed(limit) : null,
    ...(counts.details && { details: counts.details }),
  };
}

/** A figure that isn't estimated but counted: its interval is itself. */
export function counted(statistic: number): Estimate {
  return { statistic, ciLow: statistic, ciHigh: statistic };
}

/** P0 of what was planted: the lowest share found of a kind and strength that leaves the patient recognisable. NaN when none does. */
export function lowestShareFound(kinds: readonly PlantedKind[]): number {
  const shares = kinds
    .filter(({ recognisable }) => recognisable)
    .map(({ found, planted }) => found / planted);
  return shares.length === 0 ? Number.NaN : Math.min(...shares);
}

export type AuditDecision = {
  decision: 'approve' | 'reject' | 'undecided';
  /** What speaks against a release, a sentence each; any rejects. */
  objections: string[];
  /** Tests that too few patients leave open, also those accepted. */
  undecided: AuditTest[];
  accepted: Acceptance[];
};

/**
 * The decision that follows from the figures and the policy at a moment, whoever asks.
 *
 * reject: a failed test; a missing, doubled or unknown one; one whose figures are no numbers, lie outside their interval or what can be
 * measured, or rest on too little; one whose limit or verdict isn't what policy and figures say; planted copies that weren't found.
 * undecided: nothing of that, but too few patients to pass. approve: all passed, or each undecided one is accepted by name, the
 * acceptance hasn't run out, and the estimate itself is within the limit.
 */
export function decideAudit(tests: readonly AuditTest[], judgedBy: JudgedBy, at: Date): AuditDecision {
  const objections = [
    ...strangersAmong(tests),
    ...disagreementsAmong(tests),
    ...TEST_KEYS.flatMap((key) => objectTo(key, tests, judgedBy)),
  ].slice(0, 32);
  const undecided = tests.filter((test) => test?.verdict === 'undecided');
  if (objections.length > 0) return { decision: 'reject', objections, undecided, accepted: [] };
  const accepted = undecided.flatMap((test) => acceptanceOf(test, judgedBy.policy, at) ?? []);
  if (accepted.length < undecided.length)
    return { decision: 'undecided', objections, undecided, accepted: [] };
  return { decision: 'approve', objections, undecided, accepted };
}

function acceptanceOf(test: AuditTest, policy: AuditPolicy, at: Date): Acceptance | undefined {
  const row = rowOf(test.key!);
  if (!isWithin(test.statistic, test.limit, row.direction)) return undefined;
  return policy.accept.find(
    (acceptance) =>
      row.acceptable && acceptance.test === test.key && acceptanceState(acceptance, at) === 'valid',
  );
}

function isWithin(value: number, limit: number, direction: BatteryRow['direction']): boolean {
  return direction === 'atMost' ? value <= limit : value >= limit;
}

/** A result of no test in the table: nobody knows what it means, so it can't be ignored. */
function strangersAmong(tests: readonly AuditTest[]): string[] {
  const strangers = tests.filter((test) => !TEST_KEYS.includes(test?.key as TestKey));
  return strangers.length === 0 ? [] : [`${strangers.length} results belong to no test of the battery`];
}

/**
 * All tests are of one hold-out. Patients whose films look copied from training leave P2 and P6 alone, so these may have fewer.
 */
function disagreementsAmong(tests: readonly AuditTest[]): string[] {
  const [all, strangers] = [false, true].map((isEstimated) =>
    TEST_KEYS.filter((key) => rowOf(key).acceptable === isEstimated).flatMap((key) =>
      tests.filter((test) => test?.key === key).map(({ patients }) => patients),
    ),
  );
  const isOne = [all!, strangers!].every((counts) => new Set(counts).size <= 1);
  return isOne && Math.max(...strangers!, 0) <= Math.min(...all!, Number.POSITIVE_INFINITY)
    ? []
    : ['the tests disagree about how many patients were held out'];
}

/** What speaks against a release in the result of one test; nothing when it passed or is honestly undecided. */
function objectTo(key: TestKey, tests: readonly AuditTest[], judgedBy: JudgedBy): string[] {
  const row = rowOf(key);
  const label = `${row.id} (${row.name})`;
  const [test, double] = tests.filter((candidate) => candidate?.key === key);
  if (test === undefined) return [`${label} is missing`];
  if (double !== undefined) return [`${label} is there twice`];
  if (!auditTest.safeParse(test).success) return [`${label} has no usable figures`];
  const contradiction = contradictionIn(test, key, judgedBy);
  if (contradiction) return [`${label} ${contradiction}`];
  if (key === 'planted' && test.verdict !== 'pass')
    return [`${label}: only ${round(test.statistic)} found, so the audit is void`];
  if (test.verdict !== 'fail') return [];
  return [`${label}: ${round(test.statistic)}, surely beyond the limit of ${test.limit}`];
}

/** How a result contradicts itself, the table or the policy. */
function contradictionIn(test: AuditTest, key: TestKey, judgedBy: JudgedBy): string | undefined {
  const row = rowOf(key);
  const limit = limitOf(key, judgedBy);
  if (test.id !== row.id || test.name !== row.name) return 'has another name';
  if (test.limit !== limit || test.verdict !== verdictOf(test, limit, row.direction))
    return `was not judged by policy ${judgedBy.policy.version}`;
  if (!(test.ciLow <= test.statistic && test.statistic <= test.ciHigh)) return 'contradicts its interval';
  if (!isMeasurable(test, row)) return `is no ${row.unit}`;
  if (row.acceptable && isTooSure(test)) return `is surer than ${test.patients} held-out patients allow`;
  if (test.n < row.nMin) return `rests on ${test.n} images, fewer than ${row.nMin}`;
  if (test.patients < row.patientsMin)
    return `rests on ${test.patients} held-out patients, fewer than ${row.patientsMin}`;
  if ((test.patientsNeeded === null) !== (test.verdict !== 'undecided')) return 'says wrongly what it needs';
  return contradictionInDetails(test);
}

const Z = 1.96;

/**
 * Whether an interval is narrower than a quarter of the binomial one for so many patients (Wilson 1927). No estimate of the battery comes
 * near that: images and films of a patient hang together, and parties and attacks are averaged over patients.
 */
function isTooSure({ statistic, ciLow, ciHigh, patients }: AuditTest): boolean {
  const half =
    (Z / (1 + Z ** 2 / patients)) *
    Math.sqrt((statistic * (1 - statistic)) / patients + Z ** 2 / (4 * patients ** 2));
  return ciHigh - ciLow < half / 2;
}

function isMeasurable({ statistic, ciLow, ciHigh, n }: AuditTest, { unit }: BatteryRow): boolean {
  if (unit === 'share') return ciLow >= 0 && ciHigh <= 1;
  return [statistic, ciLow, ciHigh].every((value) => Number.isInteger(value) && value >= 0 && value <= n);
}

/** Kinds and strengths of planted copies must be all there, and give the very statistic and number of the test. */
function contradictionInDetails({ key, details, statistic, n }: AuditTest): string | undefined {
  if (key !== 'planted') return details && 'has kinds of planted copies';
  const missing = PLANTED_KINDS.filter((kind) => !details?.some((planted) => planted.kind === kind));
  if (details === undefined || missing.length > 0) return `planted no copies of the kind ${missing[0]}`;
  if (details.some(({ found, planted }) => found > planted)) return 'found more copies than were planted';
  if (new Set(details.map(({ kind, strength }) => `${kind} ${strength}`)).size < details.length)
    return 'names a kind of planted copies twice';
  const few = PLANTED_KINDS.find((kind) => countPlanted(details, kind) < PLANTED_EACH_MIN);
  if (few) return `planted fewer than ${PLANTED_EACH_MIN} copies of the kind ${few}`;
  const known = details.filter(({ recognisable }) => recognisable);
  const unknown = PLANTED_KINDS.find(
    (kind) => !PLANTED_LOSSY.includes(kind) && countPlanted(known, kind) < countPlanted(details, kind) / 2,
  );
  if (unknown) return `tells too few patients apart in copies of the kind ${unknown}`;
  if (lowestShareFound(details) !== statistic) return 'is not the lowest share of its kinds';
  if (details.reduce((sum, { planted }) => sum + planted, 0) !== n) return 'miscounts its planted copies';
  return undefined;
}

function countPlanted(details: readonly PlantedKind[], kind: string): number {
  return details.reduce((sum, planted) => sum + (planted.kind === kind ? planted.planted : 0), 0);
}

/** A figure as people read it. */
export function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
