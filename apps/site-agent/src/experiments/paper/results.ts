import { join } from 'node:path';
import type { QualityScore } from '@synspine/protocol';
import { readJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { SiteError } from '../../site-error.ts';
import { type AucRow, type CurveRow, type FindingRow, readAuc } from './auc-rows.ts';
import { type DatasetFilms, openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import type { FullProtocolScore } from './full-protocol.ts';
import { type Interval, toInterval } from './interval.ts';
import type { OutsideFacts } from './outside.ts';
import { type Dataset, methodsOf, planUnits, type Unit } from './plan.ts';
import { FACTS_FILE, type GeneratorFacts } from './run-unit.ts';
import type { TestSet } from './score-films.ts';

type Counts = { train: number; validation: number; heldOut: number };

/** One score of Table 2, of every training of a generator. */
export type QualityRow = {
  dataset: string;
  method: 'gan' | 'spinegan';
  metric: QualityScore['metric'];
  /** Without its n, which is beside it. */
  protocol: string;
  stratum: string;
  /** Images on each side. */
  n: number;
  /** One a seed. */
  values: Interval[];
  /** Real training films in place of synthetic ones. */
  floor: Interval | null;
};

/** A score by NVIDIA's protocol; one value a training. */
type FullProtocolRow = Omit<FullProtocolScore, 'value'> & {
  dataset: string;
  method: 'gan' | 'spinegan';
  values: number[];
};

/** Outside films as the tables know them, with how many lie in the data set's own films too, pixel by pixel. */
type OutsideRow = OutsideFacts & { testedOn: string; isScored: boolean };

export type PaperResults = {
  schema: 'synspine.paper/1';
  options: ExperimentFolder['options'];
  datasets: { name: string; films: Counts; patients: Counts }[];
  auc: AucRow[];
  /** AUC against the images that the generator was shown. */
  curve: CurveRow[];
  /** One finding against the rest; empty with two classes. */
  findings: FindingRow[];
  outside: OutsideRow[];
  quality: QualityRow[];
  fullProtocol: FullProtocolRow[];
  generators: (GeneratorFacts & { dataset: string; loss: string; seed: number })[];
};

/** Everything that the units and the scoring left, as intervals. Throws EXPERIMENT_UNFINISHED. */
export async function readResults(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
  outside: readonly { test: TestSet; facts: OutsideFacts; isScored: boolean }[],
): Promise<PaperResults> {
  const films = new Map<string, DatasetFilms>();
  for (const dataset of datasets) films.set(dataset.name, await openDataset(folder, dataset));
  const units = planUnits(datasets, folder.options);
  const scored = outside.filter(({ isScored }) => isScored).map(({ test }) => test);
  return {
    schema: 'synspine.paper/1',
    options: folder.options,
    datasets: [...films].map(([name, set]) => ({
      name,
      films: countParts(set, ({ count }) => count),
      patients: countParts(set, ({ patients }) => new Set(patients).size),
    })),
    ...(await readAuc(folder, datasets, films, scored)),
    outside: outside.map(({ test, facts, isScored }) => ({
      ...facts,
      ...{ testedOn: test.name, isScored },
    })),
    quality: await readQuality(folder, units),
    fullProtocol: await readFullProtocol(folder, units),
    generators: await readGenerators(folder, units),
  };
}

function countParts(set: DatasetFilms, count: (films: FilmSet) => number): Counts {
  return { train: count(set.train), validation: count(set.validation), heldOut: count(set.holdOut) };
}

async function readQuality(folder: ExperimentFolder, units: readonly Unit[]): Promise<QualityRow[]> {
  const rows = new Map<string, QualityRow>();
  for (const unit of units.filter(({ generator }) => generator)) {
    const [method] = methodsOf(unit) as ['gan' | 'spinegan'];
    for (const score of await read<QualityScore[]>(folder.unit(unit).quality)) {
      const { metric, stratum, floor, n } = score;
      const protocol = score.protocol.replace(/_n\d+$/, '');
      const key = [unit.dataset, method, metric, stratum].join();
      const row = rows.get(key) ?? {
        dataset: unit.dataset,
        method,
        metric,
        protocol,
        stratum,
        n,
        values: [],
        floor: floor && toInterval(floor),
      };
      rows.set(key, { ...row, values: [...row.values, toInterval(score)] });
    }
  }
  return [...rows.values()];
}

async function readFullProtocol(
  folder: ExperimentFolder,
  units: readonly Unit[],
): Promise<FullProtocolRow[]> {
  if (folder.options.fullProtocolImages === 0) return [];
  const rows = new Map<string, FullProtocolRow>();
  for (const unit of units.filter(({ generator }) => generator)) {
    const [method] = methodsOf(unit) as ['gan' | 'spinegan'];
    for (const { value, ...score } of await read<FullProtocolScore[]>(folder.unit(unit).fullProtocol)) {
      const key = [unit.dataset, method, score.metric].join();
      const row = rows.get(key) ?? { dataset: unit.dataset, method, ...score, values: [] };
      rows.set(key, { ...row, values: [...row.values, value] });
    }
  }
  return [...rows.values()];
}

async function readGenerators(
  folder: ExperimentFolder,
  units: readonly Unit[],
): Promise<PaperResults['generators']> {
  const generators = units.flatMap((unit) => (unit.generator ? [{ unit, ...unit.generator }] : []));
  return Promise.all(
    generators.map(async ({ unit, loss, seed }) => {
      const facts = await read<GeneratorFacts>(join(folder.unit(unit).generator, FACTS_FILE));
      return { dataset: unit.dataset, loss, seed, ...facts };
    }),
  );
}

async function read<T>(path: string): Promise<T> {
  const value = await readJson<T>(path);
  if (value === undefined) throw new SiteError('EXPERIMENT_UNFINISHED');
  return value;
}
