import { battery, type TestKey } from '../../packages/audit-rules/src/index.ts';
import { normalCumulative, wilsonInterval } from '../../packages/metrics/src/index.ts';
import {
  type Closeness,
  honestCloseness,
  honestMembership,
  isPassed,
  type Leak,
  type Membership,
  passesRate,
} from './audit-power/simulate.ts';
import { defineProof, type ProofReport, type ProofUnit } from './proof.ts';

type Unit = ProofUnit & { heldOut: number } & (
    | { kind: 'membership' | 'closeness'; images: number; seed: number }
    | { kind: 'scores'; leak: Leak; repeats: number }
  );
type Result = Membership | Closeness | { passed: number };
type Done = readonly { unit: Unit; result: Result }[];

const SIZES = {
  quick: {
    membership: [[60, 200, 3]],
    closeness: [[40, 192, 2]],
    honest: [200],
    leaks: [200],
    repeats: 40,
  },
  full: {
    membership: [...[100, 150, 200, 300].map((heldOut) => [heldOut, 500, 15] as const), [1_000, 500, 5]],
    closeness: [[400, 192, 2], ...[100, 200, 400, 600].map((heldOut) => [heldOut, 2_000, 2] as const)],
    honest: [200, 400, 600, 800, 1_000, 1_200, 1_500],
    leaks: [200, 600, 1_000],
    repeats: 400,
  },
} as const;
const IMAGES_OF_P2 = 2_000;
/** "Decides" means: so many of the honest runs pass. */
const POWER = 0.8;
/** Of a hospital's patients that are held out, as the agent does by itself: the simulation's 2.4 training patients to each go with it. */
const SHARE = 0.25;
const HOSPITAL = 5_000; // patients

function units(size: 'quick' | 'full'): Unit[] {
  const { membership, closeness, honest, leaks, repeats } = SIZES[size];
  const runs = (kind: 'membership' | 'closeness', of: readonly (readonly [number, number, number])[]) =>
    of.flatMap(([heldOut, images, count]) =>
      Array.from({ length: count }, (_, run): Unit => {
        const seed = run + 1;
        return { kind, key: `${kind}-${heldOut}-${images}-${seed}`, heldOut, images, seed };
      }),
    );
  const scores =
    (leak: Leak) =>
    (heldOut: number): Unit => {
      return { kind: 'scores', key: `scores-${leak}-${heldOut}`, heldOut, leak, repeats };
    };
  return [
    ...honest.map(scores('none')),
    ...leaks.flatMap((heldOut) => [scores('memorised')(heldOut), scores('shifted')(heldOut)]),
    ...runs('membership', membership),
    ...runs('closeness', closeness),
  ];
}

function measure(unit: Unit): Result {
  if (unit.kind === 'scores') {
    const seeds = Array.from({ length: unit.repeats }, (_, i) => i + 1);
    return { passed: seeds.filter((seed) => passesRate(unit.heldOut, unit.leak, seed)).length };
  }
  const audit = unit.kind === 'membership' ? honestMembership : honestCloseness;
  return audit(unit.heldOut, unit.images, unit.seed);
}

type Row = { heldOut: number; images: number | null; power: number; text: string };

/** Runs of one size and kind, and what share of them passes. */
function rowsOf(done: Done, kind: Unit['kind'], power: (of: Done) => Pick<Row, 'power' | 'text'>): Row[] {
  const mine = done.filter(
    ({ unit }) => unit.kind === kind && (unit.kind !== 'scores' || unit.leak === 'none'),
  );
  const sizeOf = ({ unit }: Done[number]) => `${unit.heldOut} ${'images' in unit ? unit.images : ''}`;
  return [...new Set(mine.map(sizeOf))].map((size) => {
    const of = mine.filter((one) => sizeOf(one) === size);
    const { unit } = of[0]!;
    return { heldOut: unit.heldOut, images: 'images' in unit ? unit.images : null, ...power(of) };
  });
}

function counted(passed: number, n: number) {
  const { ciLow, ciHigh } = wilsonInterval(passed, n);
  return { power: passed / n, text: `${passed} of ${n} (${ciLow.toFixed(2)}–${ciHigh.toFixed(2)})` };
}

const membershipPower =
  (test: keyof Membership, limit: 'membershipAucMax' | 'membershipRateMax') => (of: Done) =>
    counted(of.filter(({ result }) => isPassed((result as Membership)[test], limit)).length, of.length);

/**
 * P2 takes minutes a run, so its power follows from the interval's half-width h, on average over the runs: an honest share is
 * normal around ½ with the standard deviation h/1.96, and passes where it lies h below the limit.
 */
const closenessPower = (test: keyof Closeness) => (of: Done) => {
  const halves = of.map(({ result }) => (result as Closeness)[test]).map((e) => (e.ciHigh - e.ciLow) / 2);
  const half = halves.reduce((sum, h) => sum + h, 0) / halves.length;
  const power = normalCumulative((1.96 * (0.05 - half)) / half);
  return { power, text: `${power.toFixed(2)} (half-width ${half.toFixed(3)}, ${of.length} runs)` };
};

/** The fewest held-out patients from which on all larger sizes pass often enough too. */
function deciding(rows: readonly Row[]): number | null {
  const rising = [...rows].sort((a, b) => a.heldOut - b.heldOut);
  return rising[rising.findLastIndex((row) => row.power < POWER) + 1]?.heldOut ?? null;
}

/** Rows of each estimated test. */
function powerOf(done: Done): { key: TestKey; rows: Row[] }[] {
  const closeness = (test: keyof Closeness) => rowsOf(done, 'closeness', closenessPower(test));
  const scores = rowsOf(done, 'scores', (of) =>
    counted((of[0]!.result as { passed: number }).passed, (of[0]!.unit as { repeats: number }).repeats),
  );
  return [
    { key: 'closenessNetwork', rows: closeness('network') },
    { key: 'closenessPixels', rows: closeness('pixels') },
    { key: 'membershipAuc', rows: rowsOf(done, 'membership', membershipPower('auc', 'membershipAucMax')) },
    { key: 'membershipRate', rows: scores },
  ];
}

const nameOf = (key: TestKey) => `${battery[key].id}, ${battery[key].name}`;
const decidedAt = (rows: readonly Row[]) =>
  deciding(rows.filter(({ images }) => images === null || images >= IMAGES_OF_P2 || images === 500));

function report(done: Done, size: 'quick' | 'full'): ProofReport {
  const power = powerOf(done);
  const pipeline = rowsOf(done, 'membership', membershipPower('rate', 'membershipRateMax'));
  const needed = power.map(({ key, rows }) => ({ key, heldOut: decidedAt(rows) }));
  const leaks = done.flatMap(({ unit, result }) =>
    unit.kind === 'scores' && unit.leak !== 'none' ? [{ ...unit, ...(result as { passed: number }) }] : [],
  );
  return {
    claims: [
      ...(size === 'quick' ? [] : needed).map(({ key, heldOut }) => ({
        text: `${nameOf(key)}: decides by itself at a hospital of ${HOSPITAL.toLocaleString('en')} patients that holds out a quarter`,
        measured: `held-out patients needed: ${heldOut ?? 'more than measured'}`,
        holds: heldOut !== null && heldOut <= SHARE * HOSPITAL,
      })),
      ...leaks.map(({ heldOut, leak, passed, repeats }) => ({
        text: `P6 at 1 % passes at most 2.5 % of ${leak} leaks just beyond its limit (.031 against .03), ${heldOut} held out`,
        measured: counted(passed, repeats).text,
        holds: wilsonInterval(passed, repeats).ciLow <= 0.025,
      })),
    ],
    tables: [
      {
        title: 'Patients that decide',
        head: ['test', 'held-out patients', 'in all, a quarter held out'],
        rows: [
          ...(['planted', 'nearCopies'] as const).map((key) => inAll(key, 8)),
          ...needed.map(({ key, heldOut }) => inAll(key, heldOut)),
        ],
      },
      {
        title: 'Honest runs that pass',
        head: ['test', 'held-out patients', 'images', 'passed'],
        rows: [
          ...power.flatMap(({ key, rows }) => rows.map((row) => [nameOf(key), ...cells(row)])),
          ...pipeline.map((row) => [`${nameOf('membershipRate')}; attacks of real distances`, ...cells(row)]),
        ],
      },
    ],
  };
}

/** A test, the held-out patients that decide it, and how many a hospital has then. */
function inAll(key: TestKey, heldOut: number | null): string[] {
  const sizes = [heldOut, heldOut && heldOut / SHARE];
  return [nameOf(key), ...sizes.map((size) => size?.toLocaleString('en') ?? '–')];
}

const cells = ({ heldOut, images, text }: Row) => [String(heldOut), String(images ?? '–'), text];

export const proof = defineProof<Unit, Result>({
  title: 'How many patients decide each test of the audit',
  method:
    'A generator that leaks nothing is audited again and again: training films, held-out films and images are drawn from one population, one film a ' +
    'patient, 2.4 training patients to each held-out one (the agent’s split: 60 % train, 15 % validate, 25 % are held out). Network features are 12 ' +
    'independent normal numbers, pixels are 32 px phantoms’. Limits are the reference policy’s. A test decides by itself at a size where at least 80 % of ' +
    'honest audits pass it; intervals are Wilson’s. P2’s power follows from the width of its interval, P6’s at 1 % is of six independent attacks, which ' +
    'is harder to pass than six related ones. P0 and P1 are counted, not estimated: they decide at any size.',
  units,
  run: async (unit) => measure(unit),
  report,
});
