import { initCompute } from '../../packages/compute/src/index.ts';
import { wilsonInterval } from '../../packages/metrics/src/index.ts';
import {
  countPatients,
  createCopyDetector,
  scoreAmongThemselves,
} from '../../packages/privacy/src/near-copies/copy-detector.ts';
import { createCopyScorer } from '../../packages/privacy/src/near-copies/copy-scores.ts';
import type { ImageSet } from '../../packages/privacy/src/sample-set.ts';
import { type Division, divide, plant } from './copies/plants.ts';
import { defineProof, type ProofReport } from './proof.ts';

/** As plant_copies.py names them. */
const KINDS = [
  'exact',
  'shift, whole pixels',
  'shift, any',
  'shrunk',
  'crop',
  'turn',
  'flip',
  'inversion',
  'gamma',
  'brightness',
  'contrast',
  'JPEG',
  'blur',
  'noise',
  'blend with a stranger',
  'elastic',
  'half',
  'as demo and small presets augment',
  'as clinic and small-128 presets augment',
];
const QUICK_KINDS = ['shift, whole pixels', 'crop', 'half', 'as demo and small presets augment'];
const SIZES = { full: [32, 64], quick: [32] };
const COUNT = { full: 120, quick: 12 };
const AIM: Record<number, number> = { 32: 0.8, 64: 0.95 };
const SCREENED = 1_000; // images of a release, among which one may be flagged with a chance of 5 %

type Unit = { key: string; size: number; kind: string; count: number };
type Strength = {
  strength: string;
  planted: number;
  found: number;
  recognisable: number;
  foundRecognisable: number;
};
type Result = { train: number; heldOut: number; patients: number; limit: number; strengths: Strength[] };

function units(size: 'full' | 'quick'): Unit[] {
  const kinds = size === 'full' ? KINDS : QUICK_KINDS;
  return SIZES[size].flatMap((side) =>
    kinds.map((kind) => ({
      key: `${side}-${kind.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
      size: side,
      kind,
      count: COUNT[size],
    })),
  );
}

export const proof = defineProof<Unit, Result>({
  title: 'Planted copies: how many of each kind and strength the audit finds',
  method: `A quarter of the patients are trained on, a quarter is held out. Copies of training films are made by Pillow and SciPy
(\`scripts/proofs/copies/plant_copies.py\`), which share nothing with the search, ${COUNT.full} of each kind and strength. Strangers in blends
and halves are other patients'. The detector is the audit's own, at its thresholds for a release of ${SCREENED} images and a tail of .001.
Recognisable: once the known alteration is undone, the image correlates with its source more than 99.9 % of pairs of training films of
different patients do. Blends, noise, blur and JPEG can't be undone and are compared as they are, halves on the half that is left. A kind and strength
leaves the patient recognisable when at least half of its copies are; its share is that of those. Intervals: Wilson, 95 %.`,
  units,
  run: async ({ key, size, kind, count }, context) => {
    initCompute({ threads: 1 });
    const division = await divide(context, size, 1);
    const { train, heldOut } = division;
    const { images, limit, planted } = await plant(context, division, {
      name: key,
      kinds: [kind],
      count,
      seed: 5,
    });
    const isFound = detectorOf(division)({ images, size });
    const strengths = planted.map(({ strength, correlations }, part): Strength => {
      const found = isFound.slice(part * count, (part + 1) * count);
      const isKnown = correlations.map((correlation) => correlation > limit);
      return {
        strength,
        planted: count,
        found: found.filter(Boolean).length,
        recognisable: isKnown.filter(Boolean).length,
        foundRecognisable: found.filter((hit, row) => hit && isKnown[row]).length,
      };
    });
    const patients = countPatients(train);
    return { train: train.patients.length, heldOut: heldOut.patients.length, patients, limit, strengths };
  },
  report,
});

function report(results: readonly { unit: Unit; result: Result }[]): ProofReport {
  const sizes = [...new Set(results.map(({ unit }) => unit.size))];
  const rows = results.flatMap(({ unit, result }) =>
    result.strengths.map((strength) => ({ unit, strength })),
  );
  return {
    claims: sizes.map((size) =>
      claimOf(
        size,
        rows.filter(({ unit }) => unit.size === size),
        results,
      ),
    ), // prettier-ignore
    tables: sizes.map((size) => ({
      title: `At ${size} pixels`,
      head: ['kind', 'strength', 'recognisable', 'found of these', 'found of the others'],
      rows: rows
        .filter(({ unit }) => unit.size === size)
        .map(({ unit, strength: s }) => [
          unit.kind,
          s.strength || '–',
          `${s.recognisable} of ${s.planted}`,
          describe(s.foundRecognisable, s.recognisable),
          describe(s.found - s.foundRecognisable, s.planted - s.recognisable),
        ]),
    })),
  };
}

/** Thresholds are the same for all kinds at one size. */
const detectors = new Map<number, (images: ImageSet) => boolean[]>();

function detectorOf({ train, heldOut }: Division): (images: ImageSet) => boolean[] {
  const known = detectors.get(train.size);
  if (known) return known;
  const score = createCopyScorer(train);
  const honest = [...score(heldOut), ...scoreAmongThemselves(score, train)];
  const patients = countPatients(train);
  const sourceOf = createCopyDetector(honest, { tail: 0.001, screened: SCREENED, patients });
  const detector = (images: ImageSet) => score(images).map((scores) => sourceOf(scores) !== undefined);
  detectors.set(train.size, detector);
  return detector;
}

type Row = { unit: Unit; strength: Strength };

function claimOf(size: number, rows: readonly Row[], results: readonly { unit: Unit; result: Result }[]) {
  const counted = rows.filter(({ strength: s }) => 2 * s.recognisable >= s.planted);
  const share = ({ strength: s }: Row) => s.foundRecognisable / s.recognisable;
  const missed = counted.filter((row) => share(row) < AIM[size]!);
  const { train, heldOut, patients } = results.find(({ unit }) => unit.size === size)!.result;
  const named = missed.map(
    ({ unit, strength: s }) => `${unit.kind} ${s.strength}: ${describe(s.foundRecognisable, s.recognisable)}`, // prettier-ignore
  );
  const lowest = counted.reduce((a, b) => (share(b) < share(a) ? b : a));
  return {
    text: `at ${size} px, at least ${100 * AIM[size]!} % of each kind and strength that leaves the patient recognisable are found`,
    measured: `${counted.length - missed.length} of ${counted.length} (${train} training films of ${patients} patients, ${heldOut} held out); lowest ${lowest.unit.kind} ${lowest.strength.strength} ${describe(lowest.strength.foundRecognisable, lowest.strength.recognisable)}${named.length > 0 ? `. Missed: ${named.join('; ')}` : ''}`,
    holds: missed.length === 0,
  };
}

function describe(k: number, n: number): string {
  if (n === 0) return '–';
  const { ciLow, ciHigh } = wilsonInterval(k, n);
  const percent = (value: number) => (100 * value).toFixed(0);
  return `${percent(k / n)} % (${percent(ciLow)}–${percent(ciHigh)}; ${k} of ${n})`;
}
