import { type AuditReport, referencePolicy } from '../../packages/audit-rules/src/index.ts';
import { initCompute, seededNormal, seededRandom, shuffled } from '../../packages/compute/src/index.ts';
import { wilsonInterval } from '../../packages/metrics/src/index.ts';
import { auditRelease, decideGate, type ImageSet, type RealSet } from '../../packages/privacy/src/index.ts';
import { pixelEmbedding } from '../../packages/privacy/src/pixels/pixel-embedding.ts';
import { workingPlane } from '../../packages/privacy/src/pixels/plane.ts';
import { rowOfTest, TEST_HEAD } from './audit-rows.ts';
import { eigenFilms } from './copies/eigen-films.ts';
import { type Division, divide, plant } from './copies/plants.ts';
import { drawFilms, type Films } from './films.ts';
import { defineProof, type ProofContext, type ProofReport } from './proof.ts';

const SIZE = 32;
const IMAGES = { full: 300, quick: 100 };
const SOURCES = ['strangers', 'averages', 'eigenfilms', 'phantoms'] as const;
const SHARES = [0.01, 0.05, 0.3];
const SETS = { full: { clean: 10, planted: 20 }, quick: { clean: 1, planted: 1 } }; // of each source and share
const QUICK = { sources: ['averages', 'eigenfilms'] as readonly Source[], shares: [0.05] };
const CLEAN_FLAGGED_MAX = 2 / 40;
/** What training's augmentation and a careless export do. */
const PLANTED_KINDS = [
  'shift, whole pixels',
  'shift, any',
  'shrunk',
  'crop',
  'turn',
  'flip',
  'as demo and small presets augment',
];

type Source = (typeof SOURCES)[number];
type Unit = {
  key: string;
  source: Source;
  planted: number;
  seed: number;
  images: number;
  kinds?: readonly string[];
};
type Result = {
  decision: string;
  nearCopies: number;
  plantedFound: number;
  copies: number;
  films: string;
  /** Of the set whose report is shown. */
  audit?: AuditReport;
};

function units(size: 'full' | 'quick'): Unit[] {
  const images = IMAGES[size];
  const isQuick = size === 'quick';
  const clean = (isQuick ? QUICK.sources : SOURCES).flatMap((source) =>
    Array.from({ length: SETS[size].clean }, (_, at) => ({
      key: `clean-${source}-${at}`,
      source,
      planted: 0,
      seed: at + 1,
      images,
    })),
  );
  const planted = (isQuick ? QUICK.shares : SHARES).flatMap((share) =>
    Array.from({ length: SETS[size].planted }, (_, at) => ({
      key: `planted-${100 * share}-${at}`,
      source: SOURCES[(at + 1) % SOURCES.length]!,
      planted: share,
      seed: at + 1,
      images,
    })),
  );
  return [...clean, ...planted, shiftedUnit(images)];
}

/** The set whose whole report is shown. */
function shiftedUnit(images: number): Unit {
  const kinds = PLANTED_KINDS.filter((kind) => kind.startsWith('shift'));
  return { key: 'shifted-30-0', source: 'averages', planted: 0.3, seed: 21, images, kinds };
}

/** Images that copy no training film: a generator's stand-ins. */
async function drawImages(
  source: Source,
  division: Division,
  count: number,
  seed: number,
): Promise<Uint8Array> {
  const random = seededRandom(1_000 + seed);
  const { train, strangers } = division;
  if (source === 'eigenfilms') return eigenFilms(train, count, random);
  if (source === 'phantoms') return cycled((await phantoms()).images, count, random);
  if (source === 'strangers') return cycled(strangers.images, count, random);
  const area = SIZE * SIZE;
  const images = new Uint8Array(count * area);
  for (let image = 0; image < count; image++) {
    const rows = shuffled([...strangers.patients.keys()], random).slice(0, 3);
    const weights = rows.map(() => 0.2 + random());
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let at = 0; at < area; at++) {
      const gray = rows.reduce(
        (total, row, i) => total + (weights[i]! / sum) * strangers.images[row * area + at]!,
        0,
      );
      images[image * area + at] = Math.min(255, Math.max(0, Math.round(gray + 2 * seededNormal(random))));
    }
  }
  return images;
}

let drawn: Promise<Films> | undefined;
function phantoms(): Promise<Films> {
  drawn ??= drawFilms(300, SIZE);
  return drawn;
}

function cycled(images: Uint8Array, count: number, random: () => number): Uint8Array {
  const area = SIZE * SIZE;
  const order = shuffled([...Array(images.length / area).keys()], random);
  const chosen = Array.from({ length: count }, (_, at) => order[at % order.length]!);
  return new Uint8Array(Buffer.concat(chosen.map((row) => images.subarray(row * area, (row + 1) * area))));
}

async function plantInto(
  context: ProofContext,
  unit: Unit,
  division: Division,
  images: Uint8Array,
): Promise<number> {
  const count = Math.round(unit.planted * unit.images);
  if (count === 0) return 0;
  const each = Math.ceil(count / 10);
  const request = { name: unit.key, kinds: unit.kinds ?? PLANTED_KINDS, count: each, seed: unit.seed };
  const plants = await plant(context, division, request);
  const random = seededRandom(unit.seed);
  images.set(cycled(plants.images, count, random), 0);
  return count;
}

/** No network's part is in P0 and P1, so a pixel embedding stands in for its features. */
function withFeatures({ images, size }: ImageSet) {
  const planes = Array.from({ length: images.length / size ** 2 }, (_, row) =>
    workingPlane(images, size, row),
  );
  return { images, size, features: pixelEmbedding(planes) };
}

export const proof = defineProof<Unit, Result>({
  title: 'The gate and copies: clean sets pass it, sets with copies never do',
  method: `Each set has ${IMAGES.full} images of ${SIZE} pixels and goes through \`auditRelease\` and \`decideGate\` with Synspine's own policy, nothing accepted. Each
has another division of the patients into training, hold-out and strangers. Images that copy nothing: strangers' films; averages of three
strangers with noise; eigenfilms (training films' mean plus their first 40 principal components at random, as smooth as a young
generator's); drawn phantoms. Planted: that share of the set is training films, altered by Pillow and SciPy: ${PLANTED_KINDS.join('; ')}. A
pixel embedding stands in for the network's features, which have no part in the copy search. A false alarm is P1 above 0. Intervals: Wilson, 95 %.`,
  units,
  run: async (unit, context) => {
    initCompute({ threads: 1 });
    const division = await divide(context, SIZE, unit.seed);
    const images = await drawImages(unit.source, division, unit.images, unit.seed);
    const copies = await plantInto(context, unit, division, images);
    const real = (films: Films): RealSet => ({ ...withFeatures(films), patients: films.patients });
    const [train, heldOut] = [real(division.train), real(division.heldOut)];
    const input = { train, heldOut, synthetic: withFeatures({ images, size: SIZE }), seed: unit.seed };
    const audit = decideGate(
      auditRelease(input, referencePolicy),
      { policy: referencePolicy, imageSize: input.train.size },
      new Date(),
    );
    const { tests, decision } = audit;
    const figureOf = (id: string) => tests.find((test) => test.id === id)?.statistic ?? Number.NaN;
    const films = `${train.patients.length} + ${heldOut.patients.length}`;
    const figures = { nearCopies: figureOf('P1'), plantedFound: figureOf('P0') };
    return { decision, ...figures, copies, films, ...(unit.kinds && { audit }) };
  },
  report,
});

type Row = { unit: Unit; result: Result };

function report(results: readonly Row[]): ProofReport {
  const clean = results.filter(({ unit }) => unit.planted === 0);
  const flagged = clean.filter(({ result }) => result.nearCopies !== 0).length;
  const mixed = results.filter(({ unit }) => !unit.kinds);
  const shifted = results.filter(({ unit }) => unit.kinds);
  const shares = SHARES.filter((share) => mixed.some(({ unit }) => unit.planted === share));
  const planted = shares.map((share) => mixed.filter(({ unit }) => unit.planted === share));
  const isApproved = ({ result }: Row) => result.decision === 'approve';
  return {
    claims: [
      {
        text: `of sets that copy nothing, at most ${100 * CLEAN_FLAGGED_MAX} % are taken for copies`,
        measured: shareOf(flagged, clean.length),
        holds: flagged / clean.length <= CLEAN_FLAGGED_MAX,
      },
      ...planted.map((rows, at) => ({
        text: `of sets with ${100 * shares[at]!} % copies, none is approved, and copies are found in each`,
        measured: `approved ${shareOf(rows.filter(isApproved).length, rows.length)}; found in ${rows.filter(({ result }) => result.nearCopies > 0).length}`,
        holds: rows.every((row) => !isApproved(row) && row.result.nearCopies > 0),
      })),
      ...shifted.map(({ result: { audit, copies } }) => ({
        text: `a set with ${copies} shifted training films is rejected for its copies`,
        measured: `${audit?.decision}: ${audit?.reasons.join('; ')}`,
        holds:
          audit?.decision === 'reject' &&
          audit.tests.some(({ id, verdict }) => id === 'P1' && verdict === 'fail'),
      })),
    ],
    tables: [
      {
        title: 'Sets',
        head: [
          'images',
          'copies planted',
          'sets',
          'with P1 above 0',
          'approved',
          'rejected',
          'P1, all sets',
          'P0, lowest to highest',
        ],
        rows: [
          ...SOURCES.map((source) =>
            rowOf(
              source,
              clean.filter(({ unit }) => unit.source === source),
            ),
          ), // prettier-ignore
          ...planted.map((rows, at) => rowOf(`with ${100 * shares[at]!} % copies`, rows)),
        ],
      },
      ...shifted.flatMap(({ unit, result: { audit, copies } }) =>
        audit
          ? [
              {
                title: `The report on ${copies} shifted training films among ${unit.images} images`,
                head: TEST_HEAD,
                rows: audit.tests.map((test) => rowOfTest(test, audit)),
              },
            ]
          : [],
      ),
    ],
  };
}

function rowOf(name: string, rows: readonly Row[]): string[] {
  const sum = (of: (row: Row) => number) => String(rows.reduce((total, row) => total + of(row), 0));
  const power = rows.map(({ result }) => result.plantedFound);
  return [
    name,
    sum(({ result }) => result.copies),
    String(rows.length),
    sum(({ result }) => Number(result.nearCopies > 0)),
    sum(({ result }) => Number(result.decision === 'approve')),
    sum(({ result }) => Number(result.decision === 'reject')),
    sum(({ result }) => result.nearCopies),
    `${Math.min(...power).toFixed(2)}–${Math.max(...power).toFixed(2)}`,
  ];
}

function shareOf(k: number, n: number): string {
  const { ciLow, ciHigh } = wilsonInterval(k, n);
  return `${k} of ${n} (${(100 * ciLow).toFixed(1)}–${(100 * ciHigh).toFixed(1)} %)`;
}
