import {
  type Features,
  frechetInterval,
  type IntervalOptions,
  kernelInterval,
  type MetricInterval,
  manifoldIntervals,
  selectRows,
} from '@synspine/metrics';
import type { QualityScore } from '@synspine/protocol';

/** Feature rows with the patient (or, for synthetic images, the number) of each. */
export type LabelledFeatures = Features & { labels: Uint8Array; groups: readonly string[] };

/** Three sets of equal size and class counts. */
export type Compared = { heldOut: LabelledFeatures; synthetic: LabelledFeatures; train: LabelledFeatures };

type Metric = 'fid' | 'kid' | 'precision' | 'recall' | 'density' | 'coverage';
const METRICS: readonly Metric[] = ['fid', 'kid', 'precision', 'recall', 'density', 'coverage'];
const NEIGHBOURS: Partial<Record<Metric, string>> = {
  precision: 'k3',
  recall: 'k3',
  density: 'k5',
  coverage: 'k5',
};

const ROWS_MIN = 12; // below, a ball of five neighbours is half the set and an interval means nothing
const PATIENTS_MIN = 4;
const SEED = 1;

/**
 * Every distribution score against the held-out films, over all classes and for each, with its interval and beside the
 * score of real training films at the same n. Strata too small to score are left out.
 */
export function scoreQuality(compared: Compared, classNames: readonly string[]): QualityScore[] {
  const strata = classNames.map((name, label) => ({ name, sets: ofLabel(compared, label) }));
  return [{ name: 'all', sets: compared }, ...strata].flatMap(({ name, sets }) => scoreStratum(name, sets));
}

function scoreStratum(stratum: string, { heldOut, synthetic, train }: Compared): QualityScore[] {
  const n = heldOut.rows;
  if (
    n < ROWS_MIN ||
    new Set(heldOut.groups).size < PATIENTS_MIN ||
    new Set(train.groups).size < PATIENTS_MIN
  )
    return [];
  const options = { realGroups: heldOut.groups, seed: SEED };
  const scores = measure(heldOut, synthetic, { ...options, fakeGroups: synthetic.groups });
  const floors = measure(heldOut, train, { ...options, fakeGroups: train.groups });
  return METRICS.map((metric) => ({
    metric,
    protocol: [metric, 'inception2015', NEIGHBOURS[metric], 'heldout', `n${n}`].filter(Boolean).join('_'),
    stratum,
    ...toInterval(scores[metric], n),
    floor: toInterval(floors[metric], n),
  }));
}

function measure(real: Features, fake: Features, options: IntervalOptions): Record<Metric, MetricInterval> {
  return {
    fid: frechetInterval(real, fake, options),
    kid: kernelInterval(real, fake, options),
    ...manifoldIntervals(real, fake, options),
  };
}

function toInterval({ value, ciLow, ciHigh }: MetricInterval, n: number) {
  return { value, ciLow, ciHigh, n };
}

function ofLabel(compared: Compared, label: number): Compared {
  const pick = (set: LabelledFeatures): LabelledFeatures => {
    const rows = [...set.labels.keys()].filter((row) => set.labels[row] === label);
    const groups = rows.map((row) => set.groups[row]!);
    return { ...selectRows(set, rows), labels: Uint8Array.from(rows, () => label), groups };
  };
  return {
    heldOut: pick(compared.heldOut),
    synthetic: pick(compared.synthetic),
    train: pick(compared.train),
  };
}
