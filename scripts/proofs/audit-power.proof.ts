import { battery } from '../../packages/audit-rules/src/index.ts';
import { wilsonInterval } from '../../packages/metrics/src/index.ts';
import { auditOfNoLeak, type Passes, rateOfLeak } from './audit-power/simulate.ts';
import { defineProof, type ProofUnit } from './proof.ts';

type Unit = ProofUnit &
  (
    | { kind: 'noLeak'; heldOut: number; images: number; closeness: boolean; seed: number }
    | { kind: 'leak'; heldOut: number; leak: 'memorised' | 'shifted'; repeats: number }
  );
type Result = Passes | { passed: number };

const SIZES = {
  quick: { likeness: [60], closeness: [[40, 192]], runs: 2, leaks: [200], repeats: 40 },
  full: {
    likeness: [100, 150, 200, 300, 400, 600, 800, 1_000, 1_300],
    closeness: [
      [100, 192],
      [400, 192],
      [100, 2_000],
      [200, 2_000],
      [400, 2_000],
    ],
    runs: 20,
    leaks: [200, 600, 1_000],
    repeats: 2_000,
  },
} as const;
const LIKENESS_IMAGES = 500;
/** "Decides" means: so many of the honest runs pass. */
const POWER = 0.8;

function units(size: 'quick' | 'full'): Unit[] {
  const { likeness, closeness, runs, leaks, repeats } = SIZES[size];
  const sizes = [
    ...likeness.map((heldOut) => ({ heldOut, images: LIKENESS_IMAGES, closeness: false })),
    ...closeness.map(([heldOut, images]) => ({ heldOut, images, closeness: true })),
  ];
  return [
    ...leaks.flatMap((heldOut) =>
      (['memorised', 'shifted'] as const).map((leak): Unit => {
        return { kind: 'leak', key: `leak-${leak}-${heldOut}`, heldOut, leak, repeats };
      }),
    ),
    ...Array.from({ length: runs }, (_, run) => run + 1).flatMap((seed) =>
      sizes.map((of): Unit => {
        const key = `${of.closeness ? 'closeness' : 'likeness'}-${of.heldOut}-${of.images}-${seed}`;
        return { kind: 'noLeak', key, ...of, seed };
      }),
    ),
  ];
}

/** Passed runs as a share, with Wilson's interval. */
function share(passed: readonly (boolean | undefined)[]) {
  const n = passed.length;
  const k = passed.filter(Boolean).length;
  const { ciLow, ciHigh } = wilsonInterval(k, n);
  return { value: k / n, text: `${k} of ${n} (${ciLow.toFixed(2)}–${ciHigh.toFixed(2)})` };
}

type Done = { unit: Unit; result: Result };
const noLeakOf = (done: readonly Done[]) =>
  done.flatMap(({ unit, result }) => (unit.kind === 'noLeak' ? [{ ...unit, passes: result as Passes }] : []));

function tableOfPower(done: readonly Done[]) {
  const runs = noLeakOf(done);
  const groups = [
    ...new Set(runs.map(({ heldOut, images, closeness }) => JSON.stringify({ heldOut, images, closeness }))),
  ];
  return groups.map((group) => {
    const of = JSON.parse(group) as Pick<(typeof runs)[number], 'heldOut' | 'images' | 'closeness'>;
    const mine = runs.filter(
      (run) =>
        JSON.stringify({ heldOut: run.heldOut, images: run.images, closeness: run.closeness }) === group,
    );
    const pass = (test: keyof Passes) => share(mine.map(({ passes }) => passes[test]));
    return { ...of, pass };
  });
}

type PowerRow = ReturnType<typeof tableOfPower>[number];

/** The fewest held-out patients from which on all larger sizes pass often enough too. */
function deciding(rows: readonly PowerRow[], test: keyof Passes): number | null {
  const rising = [...rows].sort((a, b) => a.heldOut - b.heldOut);
  const last = rising.findLastIndex((row) => row.pass(test).value < POWER);
  return rising[last + 1]?.heldOut ?? null;
}

export const proof = defineProof<Unit, Result>({
  title: 'How many patients decide each test of the audit',
  method:
    'A generator that leaks nothing is audited again and again: training films, held-out films and images are drawn from one population, one film a ' +
    'patient, 2.4 training patients to each held-out one (the agent’s split: 60 % train, 15 % validate, 25 % are held out). Network features are 12 independent ' +
    'normal numbers, pixels are 32 px phantoms’. Limits are the reference policy’s. A test decides by itself at a size where at least 80 % of ' +
    'the runs pass it; intervals are Wilson’s. P0 and P1 are counted, not estimated: they decide at any size.',
  units,
  run: async (unit) => {
    if (unit.kind === 'noLeak') return auditOfNoLeak(unit, unit.seed);
    const passed = Array.from({ length: unit.repeats }, (_, i) => rateOfLeak(unit.heldOut, unit.leak, i + 1));
    return { passed: passed.filter(Boolean).length };
  },
  report: (done, size) => {
    const rows = tableOfPower(done);
    const likeness = rows.filter((row) => !row.closeness);
    const closeness = rows.filter((row) => row.closeness && row.images > 192);
    const tests = [
      ['closenessNetwork', closeness],
      ['closenessPixels', closeness],
      ['membershipAuc', likeness],
      ['membershipRate', likeness],
    ] as const;
    const needed = tests.map(([test, of]) => ({ test, heldOut: deciding(of, test) }));
    const leaks = done.flatMap(({ unit, result }) =>
      unit.kind === 'leak' ? [{ ...unit, ...(result as { passed: number }) }] : [],
    );
    const decides = (heldOut: number | null) => (heldOut === null ? 'at none of the sizes' : String(heldOut));
    return {
      claims: [
        ...(size === 'full'
          ? needed.map(({ test, heldOut }) => ({
              text: `${battery[test].id}, ${battery[test].name}: decides by itself at a hospital of at most 4,000 patients`,
              measured: `held-out patients needed: ${decides(heldOut)}`,
              holds: heldOut !== null && heldOut <= 1_000,
            }))
          : []),
        ...leaks.map(({ heldOut, leak, passed, repeats }) => {
          const { ciLow, ciHigh } = wilsonInterval(passed, repeats);
          return {
            text: `P6 at 1 % false positives passes at most 2.5 % of ${leak} leaks just beyond its limit (.031 against .03), ${heldOut} held out`,
            measured: `${passed} of ${repeats} (${ciLow.toFixed(3)}–${ciHigh.toFixed(3)})`,
            holds: ciLow <= 0.025,
          };
        }),
      ],
      tables: [
        {
          title: 'Patients needed',
          head: ['test', 'held-out patients', 'patients in all'],
          rows: [
            ...(['planted', 'nearCopies'] as const).map((key) => [
              `${battery[key].id}, ${battery[key].name}`,
              '8',
              '32',
            ]),
            ...needed.map(({ test, heldOut }) => [
              `${battery[test].id}, ${battery[test].name}`,
              decides(heldOut),
              heldOut === null ? '–' : String(4 * heldOut),
            ]),
          ],
        },
        {
          title: 'Honest runs that pass',
          head: ['held-out patients', 'images', 'P2 network', 'P2 pixels', 'P6 AUC', 'P6 at 1 %'],
          rows: rows.map(({ heldOut, images, closeness: has, pass }) => [
            String(heldOut),
            String(images),
            has ? pass('closenessNetwork').text : '–',
            has ? pass('closenessPixels').text : '–',
            pass('membershipAuc').text,
            pass('membershipRate').text,
          ]),
        },
      ],
    };
  },
});
