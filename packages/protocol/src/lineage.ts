import { z } from 'zod';
import { releaseVersion, sha256Hex, siteId } from './ids.ts';

/** Ancestors that a release names. A longer line is cut, and its origin then is unknown. */
export const ANCESTORS_MAX = 8;

/** Weights that a training started from. */
export const startWeights = z.strictObject({
  /** Of the whole file. */
  sha256: sha256Hex,
  kind: z.enum(['release', 'checkpoint']),
  /** The release whose manifest lay beside the file and lists it. The site read that manifest; it did not verify its signature. */
  release: z.strictObject({ siteId, version: releaseVersion, manifestSha256: sha256Hex }).nullable(),
});
export type StartWeightsFacts = z.infer<typeof startWeights>;

/** Where the weights come from, the nearest first; `origin` says what the oldest one started from. */
export const ancestry = z.strictObject({
  ancestors: z.array(startWeights).max(ANCESTORS_MAX),
  origin: z.enum(['random', 'unknown']),
});
export type Ancestry = z.infer<typeof ancestry>;

/** Everything that a training with the same films would take to be repeated, and what it went on from. */
export const lineage = z.strictObject({
  ...ancestry.shape,
  /** Of the preset that the manifest names. 1 is that of Synspine 0.1.0. */
  presetVersion: z.int().positive(),
  ganLoss: z.enum(['logistic', 'relativistic']),
  precision: z.enum(['float32', 'bfloat16']),
  seed: z.int().nonnegative(),
  /** Images that the training was to show, of which the judge's schedule is a share; absent where the agent kept none. */
  imagesPlanned: z.int().positive().optional(),
  /** What became of the judge's term up to the released generator; null without a judge. */
  judge: z
    .strictObject({
      weight: z.number().positive(),
      /** Images shown while its weight was above 0, and their share of all. */
      imagesShown: z.int().positive(),
      share: z.number().min(0).max(1),
      lambdaMean: z.number().positive(),
      /** Share of these at which the weight was held, since the judge was surer of fakes than of held-out films. */
      heldShare: z.number().min(0).max(1),
    })
    .nullable(),
});
export type Lineage = z.infer<typeof lineage>;

/**
 * Quality at moments of the training, against validation films: the paper's Supplementary Figure 1. `protocol` names the network, the
 * films and n, images a side. Without intervals: the same films choose the snapshot, so no claim rests on it.
 */
export const trainingCurve = z.strictObject({
  protocol: z.string().regex(/^[a-z0-9]+_validation_n\d+$/),
  n: z.int().positive(),
  points: z
    .array(
      z.strictObject({
        imagesShown: z.int().nonnegative(),
        fid: z.number().nonnegative(),
        kid: z.number(),
        precision: z.number().min(0).max(1),
        recall: z.number().min(0).max(1),
      }),
    )
    .min(1)
    .max(32),
});
export type TrainingCurve = z.infer<typeof trainingCurve>;
