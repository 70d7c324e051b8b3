import { z } from 'zod';
import { isoDateTime, releaseVersion, sha256Hex, siteId } from './ids.ts';

/** Networks that a classifier may be, by @synspine/classifier's ids. */
export const CLASSIFIER_ARCHITECTURES = ['small-cnn', 'efficientnet-lite0', 'densenet-121'] as const;

/** Agreed bins of a classifier's score (probability of `abnormal`): bin = min(255, floor(score · 256)). */
export const SCORE_BINS = 256;

/** What a classifier was trained on. */
export const trainedOn = z
  .string()
  .regex(/^(real|synthetic):[a-z][a-z0-9-]{1,31}$/, 'expected real:SITE, synthetic:SITE or synthetic:pool');

/**
 * A classifier to be scored at the sites, signed by the benchmark as a compact JWS. `weightsSha256` pins the
 * safetensors file; `architecture` is on the agents' allow-list, so no code travels.
 */
export const classifierDescriptor = z.strictObject({
  schema: z.literal('synspine.classifier/1'),
  id: z.uuid(),
  trainedOn,
  architecture: z.enum(CLASSIFIER_ARCHITECTURES),
  imageSize: z.int().positive(),
  /** Members of the ensemble, one per training seed; its score is their mean probability. */
  seeds: z.int().positive().max(16),
  /** Releases that it was trained on. */
  releases: z
    .array(z.strictObject({ siteId, version: releaseVersion, manifestSha256: sha256Hex }))
    .min(1)
    .max(64),
  weightsSha256: sha256Hex,
  weightsSize: z
    .int()
    .positive()
    .max(128 * 1024 ** 2), // three DenseNet-121 are 97 MB
  createdAt: isoDateTime,
});
export type ClassifierDescriptor = z.infer<typeof classifierDescriptor>;

const histogram = z.array(z.int().nonnegative().max(1_000_000)).length(SCORE_BINS);

/**
 * All that a site says about a classifier's scores on its sealed hold-out: counts in agreed bins, per class, and the
 * AUC with DeLong's variance where the site's policy has enough films per class (else null).
 */
export const scoreReport = z.strictObject({
  trainedOn,
  seeds: z.int().positive().max(16),
  holdOutCommitment: sha256Hex,
  positive: histogram,
  negative: histogram,
  auc: z.number().min(0).max(1).nullable(),
  aucVariance: z.number().nonnegative().nullable(),
});
export type ScoreReport = z.infer<typeof scoreReport>;

/** One cell of the benchmark's matrix. `testedOn` is a site's id or `pooled`. */
export const benchmarkCell = z.strictObject({
  trainedOn: z.string(),
  testedOn: z.string(),
  auc: z.number(),
  ciLow: z.number(),
  ciHigh: z.number(),
  nPositive: z.int().nonnegative(),
  nNegative: z.int().nonnegative(),
  seeds: z.int().positive(),
});
export type BenchmarkCell = z.infer<typeof benchmarkCell>;
