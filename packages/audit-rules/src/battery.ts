/** The smallest and the largest value that a policy may give. */
export type Range = readonly [low: number, high: number];

export type BatteryRow = {
  id: 'P0' | 'P1' | 'P2' | 'P6';
  name: string;
  /** What is measured: a share from 0 to 1, or a number of images. */
  unit: 'share' | 'count';
  /** `atMost` limits hold from above, `atLeast` ones from below. */
  direction: 'atMost' | 'atLeast';
  /** The policy's field that holds the limit. */
  limit: string;
  /** What a policy may set as the limit: one that can't fail anything is a typing error. */
  range: Range;
  /** For images of fewer than {@link SMALL_BELOW} pixels a side, where less of a patient is left: another limit of the policy. */
  small?: { limit: string; range: Range };
  /** The same of a policy marked as a demonstration, which says nothing about privacy. */
  demonstrationRange: Range;
  /** Fewest images or films, and fewest held-out patients, on which the test says anything. */
  nMin: number;
  patientsMin: number;
  /** Whether a policy may accept that too few patients leave the test undecided. */
  acceptable: boolean;
};

/** Pixels a side from which on images count as large. */
export const SMALL_BELOW = 64;

/** The ways to alter a film that P0 must plant copies in. */
export const PLANTED_KINDS = [
  'unchanged',
  'shift-whole',
  'shift',
  'enlarged',
  'shrunk',
  'turned',
  'mirrored',
  'inverted',
  'gamma',
  'brightness',
  'contrast',
  'jpeg',
  'blurred',
  'noise',
  'blended',
  'bent',
  'half',
  'augmented',
] as const;

/** Kinds that may leave few patients recognisable; all others can be undone, and leave most. */
export const PLANTED_LOSSY: readonly string[] = [
  'blurred',
  'noise',
  'blended',
] satisfies (typeof PLANTED_KINDS)[number][];

/** Copies planted of each kind: one missed in twenty is two of them. */
export const PLANTED_EACH_MIN = 40;

/** Patients on either side without which no audit is made. */
export const AUDITED_PATIENTS_MIN = 8;

/**
 * The one table of the audit's tests, in the order of a report. Sites measure by it, sites and registry judge by it. Every report holds
 * each test once and no other.
 */
export const battery = {
  planted: {
    id: 'P0',
    name: 'planted copies found',
    unit: 'share',
    direction: 'atLeast',
    limit: 'plantedFoundMin',
    range: [0.9, 1],
    small: { limit: 'plantedFoundMinSmall', range: [0.8, 1] },
    demonstrationRange: [0.5, 1],
    nMin: 60, // fewer can't tell 95 % from 90 %
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: false, // a detector that misses copies makes the audit void
  },
  nearCopies: {
    id: 'P1',
    name: 'near copies of training films',
    unit: 'count',
    direction: 'atMost',
    limit: 'nearCopiesMax',
    range: [0, 0],
    demonstrationRange: [0, 0],
    nMin: 20,
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: false, // a copy is there or it isn't
  },
  closenessNetwork: {
    id: 'P2',
    name: 'share nearer to training, network features',
    unit: 'share',
    direction: 'atMost',
    limit: 'closenessShareMax',
    range: [0.5, 0.75], // ½ is what independence gives
    demonstrationRange: [0.5, 1],
    nMin: 20,
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: true,
  },
  closenessPixels: {
    id: 'P2',
    name: 'share nearer to training, pixels',
    unit: 'share',
    direction: 'atMost',
    limit: 'closenessShareMax',
    range: [0.5, 0.75],
    demonstrationRange: [0.5, 1],
    nMin: 20,
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: true,
  },
  membershipAuc: {
    id: 'P6',
    name: 'membership AUC, best of six attacks',
    unit: 'share',
    direction: 'atMost',
    limit: 'membershipAucMax',
    range: [0.5, 0.75],
    demonstrationRange: [0.5, 1],
    nMin: 40,
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: true,
  },
  membershipRate: {
    id: 'P6',
    name: 'membership at 1 % false positives, best of six attacks',
    unit: 'share',
    direction: 'atMost',
    limit: 'membershipRateMax',
    range: [0.01, 0.1], // a blind attack names 1 %
    demonstrationRange: [0.01, 1],
    nMin: 40,
    patientsMin: AUDITED_PATIENTS_MIN,
    acceptable: true,
  },
} as const satisfies Record<string, BatteryRow>;

export type TestKey = keyof typeof battery;
export type TestLimit = (typeof battery)[TestKey]['limit'] | typeof battery.planted.small.limit;

export const TEST_KEYS = Object.keys(battery) as [TestKey, ...TestKey[]];

/** The row of a test's key, with the widths of the table's types. */
export function rowOf(key: TestKey): BatteryRow & { limit: TestLimit; small?: { limit: TestLimit } } {
  return battery[key];
}

/** The policy's field that holds a test's limit for images of so many pixels a side. */
export function limitFieldOf(key: TestKey, imageSize: number): TestLimit {
  const { limit, small } = rowOf(key);
  return small && imageSize < SMALL_BELOW ? small.limit : limit;
}
