import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  BASELINE_TRAINING,
  type ClassifierDescriptor,
  type ClassifierTraining,
  type ReleaseManifest,
} from '@synspine/protocol';
import type { VerifiedRelease } from '../releases/fetch-release.ts';
import type { Training } from './training-setting.ts';

/** Grows whenever the same releases and training shall give another classifier: the split of images changed, say. */
const PLAN_VERSION = 4;
/** With two sites, the pool without one of them is the other alone. */
const LEAVE_OUT_SITES_MIN = 3;
/** Of each site: one more costs as many trainings as there are seeds. */
const GENERATORS_MAX = 2;

/** One classifier to train: its name in the matrix, and the releases it learns from. */
export type Target = {
  id: string;
  trainedOn: string;
  /** Of each generation one release a site: as many members are trained on each generation as there are seeds. */
  generations: VerifiedRelease[][];
  training: ClassifierTraining;
};

/**
 * What is trained on these releases: each site's alone, the pool of those that share the most common image size (the
 * larger one where two are equally common), and from three sites on the pool without each of them. A pool of one is
 * none. `keyId` names the key that will sign.
 */
export function planTargets(
  releases: readonly VerifiedRelease[],
  keyId: string,
  training: Training,
): Target[] {
  const sites = releasesBySite(releases);
  const make = (trainedOn: string, from: VerifiedRelease[][]) => makeTarget(trainedOn, from, keyId, training);
  const alone = sites.map((site) => make(`synthetic:${siteOf(site)}`, [site]));
  const pool = largestPool(sites);
  if (pool.length < 2) return alone;
  const leftOut = pool.length < LEAVE_OUT_SITES_MIN ? [] : pool;
  const others = (site: VerifiedRelease[]) => pool.filter((other) => other !== site);
  return [
    ...alone,
    make('synthetic:pool', pool),
    ...leftOut.map((site) => make(`synthetic:all-but-${siteOf(site)}`, others(site))),
  ];
}

const siteOf = (site: readonly VerifiedRelease[]) => site[0]!.manifest.siteId;
const sizeOf = (site: readonly VerifiedRelease[]) => site[0]!.manifest.imageSize;

/** The sites by name, and of each the releases that train together. */
function releasesBySite(releases: readonly VerifiedRelease[]): VerifiedRelease[][] {
  const names = [...new Set(releases.map((release) => release.manifest.siteId))].sort();
  return names.map((name) => chooseReleases(releases.filter((release) => release.manifest.siteId === name)));
}

/** Of one site's releases the newest, and the newest of those that differ from it by their generator alone, if any. */
export function chooseReleases<T extends Pick<VerifiedRelease, 'manifest'>>(ofSite: readonly T[]): T[] {
  const [newest, ...older] = [...ofSite].sort((a, b) => b.manifest.version - a.manifest.version);
  const alike = older.filter(({ manifest }) => isAnotherGenerator(manifest, newest!.manifest));
  return [newest!, ...alike].slice(0, GENERATORS_MAX);
}

/** The hold-out must be the same, too: a patient of today's may have trained an older generator. */
function isAnotherGenerator(older: ReleaseManifest, newest: ReleaseManifest): boolean {
  const alike = ({ training, lineage, synthetic, ...manifest }: ReleaseManifest) => ({
    ...{ preset: manifest.preset, imageSize: manifest.imageSize, classNames: manifest.classNames },
    ...{ holdOutCommitment: manifest.holdOutCommitment, psi: synthetic?.psi },
    ...{ loss: training.loss, images: lineage?.imagesPlanned ?? training.imagesShown }, // each chooses its own snapshot
    ...{ presetVersion: lineage?.presetVersion, ganLoss: lineage?.ganLoss, precision: lineage?.precision },
    ...{ judgeWeight: lineage?.judge?.weight, ancestors: lineage?.ancestors },
  });
  const weights = ({ files }: ReleaseManifest) => files.find((file) => file.kind === 'generator')?.sha256;
  return isDeepStrictEqual(alike(older), alike(newest)) && weights(older) !== weights(newest);
}

function largestPool(sites: readonly VerifiedRelease[][]): VerifiedRelease[][] {
  const sizes = [...new Set(sites.map(sizeOf))].sort((a, b) => b - a);
  const pools = sizes.map((size) => sites.filter((site) => sizeOf(site) === size));
  return pools.reduce((best, pool) => (pool.length > best.length ? pool : best), []);
}

function makeTarget(
  trainedOn: string,
  sites: readonly VerifiedRelease[][],
  keyId: string,
  setting: Training,
): Target {
  const training = { ...setting, imageSize: sizeOf(sites[0]!) };
  const count = Math.min(...sites.map((site) => site.length));
  const generations = Array.from({ length: count }, (_, at) => sites.map((site) => site[at]!));
  return { id: classifierId(trainedOn, generations, keyId, training), trainedOn, generations, training };
}

/**
 * The same releases, training and signing key give the same id, so nothing is trained or sent twice.
 * A UUID of version 8 (RFC 9562 §5.8): the first 122 bits of a SHA-256 around the version and the variant.
 */
function classifierId(
  trainedOn: string,
  generations: readonly VerifiedRelease[][],
  keyId: string,
  training: ClassifierTraining,
): string {
  const { architecture, recipe, steps, seeds, pretrainedSha256 } = training;
  const manifests = generations.map((releases) => releases.map((r) => r.manifestSha256));
  const how = [architecture, recipe.name, recipe.version, steps, seeds, pretrainedSha256];
  const name = [PLAN_VERSION, how, keyId, trainedOn, manifests];
  const bytes = createHash('sha256').update(JSON.stringify(name)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The descriptor is as repeatable as the id: its date is the newest release's. */
export function describeTarget(
  { id, trainedOn, generations, training }: Target,
  weights: { sha256: string; size: number },
): ClassifierDescriptor {
  const { architecture, imageSize, ...how } = training;
  const releases = generations.flat();
  const isBaseline =
    isDeepStrictEqual({ architecture, ...how }, BASELINE_TRAINING) && generations.length === 1;
  return {
    schema: 'synspine.classifier/1',
    id,
    trainedOn,
    architecture,
    imageSize,
    seeds: generations.length * training.seeds.length,
    ...(isBaseline ? {} : { training: how, generators: generations.length }),
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
