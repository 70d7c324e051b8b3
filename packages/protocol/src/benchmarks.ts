import { z } from 'zod';
import { INTEGER_MAX, isoDateTime, releaseVersion, sha256Hex, siteId } from './ids.ts';

/** Networks that a classifier may be, by @synspine/classifier's ids. */
export const CLASSIFIER_ARCHITECTURES = ['small-cnn', 'efficientnet-lite0', 'densenet-121'] as const;

/** Agreed bins of a classifier's score (probability of `abnormal`): bin = min(255, floor(score · 256)). */
export const SCORE_BINS = 256;

const POOL = 'pool';
const ALL_BUT = 'all-but-';

/** What a classifier was trained on; `synthetic:all-but-SITE` is the pool without that site's releases. */
export const trainedOn = z
  .string()
  .regex(
    /^(real:|synthetic:(all-but-)?)[a-z][a-z0-9-]{1,31}$/,
    'expected real:SITE, synthetic:SITE, synthetic:pool or synthetic:all-but-SITE',
  );

/** The site that this training set leaves out, if any. */
export function siteLeftOut(trainedOnName: string): string | undefined {
  const prefix = `synthetic:${ALL_BUT}`;
  return trainedOnName.startsWith(prefix) ? trainedOnName.slice(prefix.length) : undefined;
}

const recipeTraining = {
  /** By name and version: the numbers behind a name may change, and then the version grows. */
  recipe: z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    version: z.int().positive().max(INTEGER_MAX),
  }),
  steps: z.int().positive().max(100_000),
  /** One network a seed. */
  seeds: z.array(z.int().nonnegative().max(INTEGER_MAX)).min(1).max(16),
  /** Of the weights that the network starts from; null where they are random. */
  pretrainedSha256: sha256Hex.nullable(),
};

/** Everything that two classifiers must share before their AUCs may stand side by side; not what they learnt from. */
export const classifierTraining = z.strictObject({
  architecture: z.enum(CLASSIFIER_ARCHITECTURES),
  imageSize: z.int().positive(),
  ...recipeTraining,
});
export type ClassifierTraining = z.infer<typeof classifierTraining>;

/** What a descriptor without `training` means, and how agents of version 0.1.0 train on their own films. */
export const BASELINE_TRAINING = {
  architecture: 'small-cnn',
  recipe: { name: 'default', version: 1 },
  steps: 400,
  seeds: [1, 2, 3],
  pretrainedSha256: null,
} as const satisfies Omit<ClassifierTraining, 'imageSize'>;

/**
 * A classifier to be scored at the sites, signed by the benchmark as a compact JWS. `weightsSha256` pins the
 * safetensors file; `architecture` is on the agents' allow-list, so no code travels.
 */
export const classifierDescriptor = z
  .strictObject({
    schema: z.literal('synspine.classifier/1'),
    id: z.uuid(),
    trainedOn,
    architecture: z.enum(CLASSIFIER_ARCHITECTURES),
    imageSize: z.int().positive(),
    /** Members of the ensemble, those of one generator after those of another; its score is their mean probability. */
    seeds: z.int().positive().max(16),
    /** How each member was trained. Left out where it is `BASELINE_TRAINING`, so that agents of 0.1.0 take it, too. */
    training: z.strictObject(recipeTraining).optional(),
    /** How many generators each site's images come from; 1 where it is left out. */
    generators: z.int().positive().max(16).optional(),
    /** Releases that it was trained on. */
    releases: z
      .array(z.strictObject({ siteId, version: releaseVersion, manifestSha256: sha256Hex }))
      .min(1)
      .max(64),
    weightsSha256: sha256Hex,
    weightsSize: z
      .int()
      .positive()
      .max(256 * 1024 ** 2), // six DenseNet-121 are 194 MB
    createdAt: isoDateTime,
  })
  .refine(
    ({ training, generators = 1, seeds }) => !training || seeds === generators * training.seeds.length,
    'seeds must be generators × training.seeds',
  )
  .refine(hasNamedReleases, 'the releases are not those of trainedOn');
export type ClassifierDescriptor = z.infer<typeof classifierDescriptor>;

/** A name must not promise what its releases don't keep: a site left out is in none, one alone in all. */
function hasNamedReleases(descriptor: {
  trainedOn: string;
  releases: readonly { siteId: string }[];
}): boolean {
  const sites = new Set(descriptor.releases.map((release) => release.siteId));
  const [, name = ''] = descriptor.trainedOn.split(':');
  const leftOut = siteLeftOut(descriptor.trainedOn);
  if (leftOut) return sites.size > 1 && !sites.has(leftOut);
  return name === POOL ? sites.size > 1 : sites.size === 1 && sites.has(name);
}

/** How a descriptor's classifiers were trained. */
export function trainingOf(
  descriptor: Pick<ClassifierDescriptor, 'architecture' | 'imageSize' | 'training' | 'seeds'>,
): ClassifierTraining {
  const { architecture, imageSize, seeds, training } = descriptor;
  const baseline = { ...BASELINE_TRAINING, seeds: Array.from({ length: seeds }, (_, i) => i + 1) };
  return { ...baseline, ...training, architecture, imageSize };
}

/** In words, e.g. `small-cnn at 32 px, recipe default 1, 400 steps, seeds 1 2 3`. Equal words, equal training. */
export function describeTraining(training: ClassifierTraining): string {
  const { architecture, imageSize, recipe, steps, seeds, pretrainedSha256 } = training;
  const start = pretrainedSha256 ? [`from weights ${pretrainedSha256.slice(0, 16)}`] : [];
  return [
    `${architecture} at ${imageSize} px`,
    `recipe ${recipe.name} ${recipe.version}`,
    `${steps} steps`,
    `seeds ${seeds.join(' ')}`,
    ...start,
  ].join(', ');
}

const histogram = z.array(z.int().nonnegative().max(1_000_000)).length(SCORE_BINS);

/**
 * All that a site says about a classifier's scores on its sealed hold-out: counts in agreed bins, per class; what those films are
 * worth, since two of a patient tell less than two of two; and the AUC with DeLong's variance, clustered by patient, where the
 * site's policy has enough films per class (else null).
 */
export const scoreReport = z.strictObject({
  trainedOn,
  /** How a site's own classifiers were trained. Reports of agents of 0.1.0 lack it, and answers to a task. */
  training: classifierTraining.optional(),
  /** Films that a site's own classifiers learnt from. */
  nTraining: z.int().positive().max(INTEGER_MAX).optional(),
  seeds: z.int().positive().max(16),
  holdOutCommitment: sha256Hex,
  positive: histogram,
  negative: histogram,
  auc: z.number().min(0).max(1).nullable(),
  aucVariance: z.number().nonnegative().nullable(),
  /** Variance of the AUC by patient over that of as many independent films. Agents before 0.2.0 send none of these three. */
  designEffect: z.number().min(1).max(1_000_000).optional(),
  patientsPositive: z.int().nonnegative().optional(),
  patientsNegative: z.int().nonnegative().optional(),
  /**
   * Of the AUC, by training again: from the spread between the ensemble's generators, or between its seeds where there is one
   * generator. One figure, not an AUC a member: each would tell as much of the hold-out as another answer. Told with the AUC.
   */
  trainingVariance: z.number().nonnegative().max(0.25).nullable().optional(),
});
export type ScoreReport = z.infer<typeof scoreReport>;

/** `testedOn` of the mean of the sites' own AUCs, and of the AUC of all their films in one heap. */
export const STRATIFIED = 'stratified';
export const POOLED = 'pooled';

/** What a reader of a cell must know, in words. */
export const CELL_WARNINGS = {
  'pooling-differs':
    'differs from the stratified AUC by more than noise: the sites’ scores are shifted against each other, so read the stratified one',
  'clustering-ignored':
    'at least one site did not say how its films share patients: the interval takes them for independent and may be too narrow',
  'training-withdrawn':
    'learnt from a release that has been withdrawn, or from one whose weights began from its weights',
  'sites-left-out':
    'without the sites that keep their AUC to themselves: with fewer than three of them the mean would give it away',
} as const;
export type CellWarning = keyof typeof CELL_WARNINGS;
const cellWarning = z.enum(Object.keys(CELL_WARNINGS) as CellWarning[]);

/** One cell of the benchmark's matrix. `testedOn` is a site's id, `stratified` or `pooled`. */
export const benchmarkCell = z.strictObject({
  trainedOn: z.string(),
  testedOn: z.string(),
  auc: z.number(),
  ciLow: z.number(),
  ciHigh: z.number(),
  nPositive: z.int().nonnegative(),
  nNegative: z.int().nonnegative(),
  /** Classifiers of each generator. */
  seeds: z.int().positive(),
  /** Generators of each site; none for `real:SITE`. */
  generators: z.int().positive().optional(),
  /** How the classifiers were trained, in `describeTraining`'s words. */
  training: z.string().max(300).optional(),
  /** The classifier that was scored; none for `real:SITE`. Benchmarks before 0.3.0 do not tell. */
  classifierId: z.uuid().optional(),
  /** Images or films that they learnt from, those of all generators together. */
  nTraining: z.int().positive().optional(),
  warnings: z.array(cellWarning).max(8).optional(),
});
export type BenchmarkCell = z.infer<typeof benchmarkCell>;

/** One line for each kind of warning, with the letter that marks its cells. */
export type CellNote = { mark: string; warning: CellWarning; cells: string[]; words: string };

/** The warnings of some cells as notes under their table, in the order of the cells. */
export function notesOf(cells: readonly BenchmarkCell[]): CellNote[] {
  const kinds = [...new Set(cells.flatMap(({ warnings = [] }) => warnings))];
  return kinds.map((warning, i) => ({
    mark: String.fromCharCode('a'.charCodeAt(0) + i),
    warning,
    cells: cells
      .filter(({ warnings }) => warnings?.includes(warning))
      .map(({ trainedOn: from, testedOn }) => `${from} → ${testedOn}`),
    words: CELL_WARNINGS[warning],
  }));
}

/** To be said wherever such a cell is shown. The figure is a simulation's, at one generator and one classifier seed. */
export const ONE_GENERATOR =
  'One generator: the interval holds patients and classifier seeds, not what another training of the generator would change (measured coverage about 85 %, not 95 %).';
