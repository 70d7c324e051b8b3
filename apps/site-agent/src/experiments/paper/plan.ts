import type { ArchitectureId, RECIPES } from '@synspine/classifier';
import type { Fit } from '@synspine/dicom';
import type { LabelSchemeName } from '../../films/label-schemes.ts';

/** What is compared; fixed when the experiment's folder is made. */
export type ExperimentOptions = {
  preset: string;
  labels: LabelSchemeName;
  /** Length of each training; null: the preset's, or less where films would be shown too often. */
  imagesShown: number | null;
  /** Trainings of each generator, k. */
  generatorSeeds: number;
  /** Classifiers on the images of each generator, and on real films, m. */
  classifierSeeds: number;
  /** Synthetic images that a classifier sees, all classes together. */
  syntheticCount: number;
  psi: number;
  architecture: ArchitectureId;
  recipe: keyof typeof RECIPES;
  /** Of each classifier; null: the recipe’s. */
  classifierSteps: number | null;
  /** λ, the weight of SpineGAN's judge; null: the preset's. */
  judgeWeight: number | null;
  /** What generator and discriminator play for; null: the preset's. */
  ganLoss: 'logistic' | 'relativistic' | null;
  /** Of the generators' training. */
  precision: 'float32' | 'bfloat16';
  /** How a film becomes a square. */
  fit: Fit;
  /** SHA-256 of the weights that DenseNet-121 starts from; null: none. */
  densenetWeights: string | null;
  /** Synthetic images of NVIDIA's protocol, against all training films; 0: not measured. */
  fullProtocolImages: number;
  /** All sites together only, not each by itself. */
  pooledOnly: boolean;
};

/** What an experiment of Synspine 0.1.0 was, whose file names fewer options. */
export const EARLIER_OPTIONS = {
  judgeWeight: null,
  ganLoss: null,
  precision: 'float32',
  fit: 'squeeze',
  densenetWeights: null,
  fullProtocolImages: 0,
  pooledOnly: false,
} as const satisfies Partial<ExperimentOptions>;

/** A site, or all of them together. */
export type Dataset = { name: string; sites: readonly string[] };
const POOLED = 'pooled';

/** What a classifier is trained on. The last one: real and synthetic films, half and half. */
export const METHODS = ['real', 'gan', 'spinegan', 'real+spinegan'] as const;
export type Method = (typeof METHODS)[number];

/** One process's work: a generator with all that is measured of it, or (without one) the classifiers on real films. */
export type Unit = { dataset: string; generator: { loss: 'gan' | 'spinegan'; seed: number } | null };

/** Sites one by one; with two or more, also together, or together only. */
export function datasetsOf(sites: readonly string[], pooledOnly = false): Dataset[] {
  const alone = sites.map((name) => ({ name, sites: [name] }));
  if (sites.length < 2) return alone;
  const together = { name: POOLED, sites };
  return pooledOnly ? [together] : [...alone, together];
}

/** The data set that holds every site: its hold-out is the one that all classifiers are scored on. */
export function everyoneOf(datasets: readonly Dataset[]): Dataset {
  return datasets.find(({ name }) => name === POOLED) ?? datasets[0]!;
}

/** All units, the longest first, so that the last ones to end are short. */
export function planUnits(datasets: readonly Dataset[], { generatorSeeds }: ExperimentOptions): Unit[] {
  const seeds = seedsOf(generatorSeeds);
  const bySize = [...datasets].sort((a, b) => b.sites.length - a.sites.length);
  const generators = bySize.flatMap(({ name }) =>
    seeds.flatMap((seed) =>
      (['spinegan', 'gan'] as const).map((loss): Unit => ({ dataset: name, generator: { loss, seed } })),
    ),
  );
  return [...generators, ...bySize.map(({ name }): Unit => ({ dataset: name, generator: null }))];
}

/** The name of a unit's folder. */
export function unitName({ generator }: Unit): string {
  return generator ? `${generator.loss}-${generator.seed}` : 'real';
}

/** The methods whose classifiers a unit trains. */
export function methodsOf({ generator }: Unit): Method[] {
  if (!generator) return ['real'];
  return generator.loss === 'gan' ? ['gan'] : ['spinegan', 'real+spinegan'];
}

/** One classifier of a unit; `imagesShown`: how far its generator had come, null where no generator had a part. */
export type ClassifierKey = { method: Method; imagesShown: number | null; seed: number };

/** Of the length of a training: where the curve of AUC against images shown is measured. */
const CURVE_SHARES = [1 / 8, 1 / 4, 1 / 2, 1] as const;

/** The snapshots nearest to each share of the whole length, each once; the last is the end of the training. */
export function curvePoints(
  snapshots: readonly number[],
  shares: readonly number[] = CURVE_SHARES,
): number[] {
  const end = Math.max(...snapshots);
  const nearest = shares.map((share) =>
    snapshots.reduce(
      (best, at) => (Math.abs(at - share * end) < Math.abs(best - share * end) ? at : best),
      end,
    ),
  );
  return [...new Set(nearest)].sort((a, b) => a - b);
}

/** A unit's classifiers: along the curve those on synthetic images alone, at its end those on both. */
export function planClassifiers(
  unit: Unit,
  points: readonly number[],
  { classifierSeeds }: Pick<ExperimentOptions, 'classifierSeeds'>,
): ClassifierKey[] {
  const of = (method: Method): (number | null)[] => {
    if (method === 'real') return [null];
    return method === 'real+spinegan' ? [Math.max(...points)] : [...points];
  };
  return methodsOf(unit).flatMap((method) =>
    of(method).flatMap((imagesShown) =>
      seedsOf(classifierSeeds).map((seed) => ({ method, imagesShown, seed })),
    ),
  );
}

/** 1, 2, …, n */
function seedsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
