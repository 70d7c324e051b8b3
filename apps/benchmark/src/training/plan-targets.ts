import { createHash } from 'node:crypto';
import type { ArchitectureId, RECIPES } from '@synspine/classifier';
import type { ClassifierDescriptor } from '@synspine/protocol';
import type { VerifiedRelease } from '../releases/fetch-release.ts';

/** Which network is trained, and how. */
export type Training = { architecture: ArchitectureId; recipe: keyof typeof RECIPES };
/** One network a seed; their mean probability is the classifier's one score. */
export const SEEDS = [1, 2, 3];
/** Grows whenever the same releases shall give another classifier: recipe, split or network changed. */
const RECIPE_VERSION = 3;

/** One classifier to train: its name in the matrix, and the releases it learns from. */
export type Target = {
  id: string;
  trainedOn: string;
  imageSize: number;
  releases: VerifiedRelease[];
  training: Training;
};

/**
 * What is trained on these releases: each site's alone, and the pool of those that share the most common image size
 * (the larger one where two are equally common). A pool of one is none. `keyId` names the key that will sign.
 */
export function planTargets(
  releases: readonly VerifiedRelease[],
  keyId: string,
  training: Training,
): Target[] {
  const bySite = [...releases].sort((a, b) => (a.manifest.siteId < b.manifest.siteId ? -1 : 1));
  const make = (trainedOn: string, from: VerifiedRelease[]) => makeTarget(trainedOn, from, keyId, training);
  const alone = bySite.map((release) => make(`synthetic:${release.manifest.siteId}`, [release]));
  const pool = largestPool(bySite);
  return pool.length > 1 ? [...alone, make('synthetic:pool', pool)] : alone;
}

function largestPool(releases: readonly VerifiedRelease[]): VerifiedRelease[] {
  const sizes = [...new Set(releases.map((r) => r.manifest.imageSize))].sort((a, b) => b - a);
  const pools = sizes.map((size) => releases.filter((r) => r.manifest.imageSize === size));
  return pools.reduce((best, pool) => (pool.length > best.length ? pool : best), []);
}

function makeTarget(
  trainedOn: string,
  releases: VerifiedRelease[],
  keyId: string,
  training: Training,
): Target {
  const { imageSize } = releases[0]!.manifest;
  const id = classifierId(trainedOn, releases, keyId, training);
  return { id, trainedOn, imageSize, releases, training };
}

/**
 * The same releases, network, seeds, recipe and signing key give the same id, so nothing is trained or sent twice.
 * A UUID of version 8 (RFC 9562 §5.8): the first 122 bits of a SHA-256 around the version and the variant.
 */
function classifierId(
  trainedOn: string,
  releases: readonly VerifiedRelease[],
  keyId: string,
  { architecture, recipe }: Training,
): string {
  const manifests = releases.map((r) => r.manifestSha256);
  const name = [RECIPE_VERSION, architecture, recipe, SEEDS, keyId, trainedOn, manifests];
  const bytes = createHash('sha256').update(JSON.stringify(name)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The descriptor is as repeatable as the id: its date is the newest release's. */
export function describeTarget(
  target: Target,
  weights: { sha256: string; size: number },
): ClassifierDescriptor {
  const { id, trainedOn, imageSize, releases, training } = target;
  return {
    schema: 'synspine.classifier/1',
    id,
    trainedOn,
    architecture: training.architecture,
    imageSize,
    seeds: SEEDS.length,
    releases: releases.map(({ manifest, manifestSha256 }) => ({
      siteId: manifest.siteId,
      version: manifest.version,
      manifestSha256,
    })),
    weightsSha256: weights.sha256,
    weightsSize: weights.size,
    createdAt: releases.map((r) => r.publishedAt).reduce((a, b) => (a > b ? a : b)),
  };
}
