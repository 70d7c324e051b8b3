import { z } from 'zod';
import { fileName, isoDateTime, releaseVersion, runId, sha256Hex, siteId } from './ids.ts';
import { lineage, trainingCurve } from './lineage.ts';
import { approvedAudit, qualityReport } from './reports.ts';

/** Limits of one release; a larger one is refused before a byte is uploaded. */
export const RELEASE_FILES_MAX = 1_000;
export const RELEASE_FILE_BYTES_MAX = 4 * 1024 ** 3;

/** Class names that say that nothing was found. Every other class of a release is one of abnormal films. */
const NORMAL_CLASSES: readonly string[] = ['normal', 'No finding'];

/** Whether films of this class show something: what classifiers of all releases tell, whatever classes those have. */
export function isAbnormalClass(className: string): boolean {
  return !NORMAL_CLASSES.includes(className);
}

const count = z.int().nonnegative();
/** Why a file was not taken. A name and nothing else: no text of a film has this form. */
const refusalCode = z.string().regex(/^[A-Z][A-Z0-9_]{2,39}$/);

export const releaseFile = z.strictObject({
  name: fileName,
  kind: z.enum(['generator', 'images', 'grid']),
  size: z.int().positive().max(RELEASE_FILE_BYTES_MAX),
  sha256: sha256Hex,
});
export type ReleaseFile = z.infer<typeof releaseFile>;

/**
 * Candidates of one class, looked at in order until enough had passed the filters. `rejected` has a bit for each, the least
 * significant of a byte first, 1 for rejected. A candidate counts for the first filter that rejects it.
 */
const candidates = z.strictObject({
  drawn: count,
  rejected: z.base64({ abort: true }).max(40_000),
  rejections: z.array(z.strictObject({ filter: z.enum(['spine', 'label']), count })).max(8),
});

/**
 * Each image is `sample(generator, seed, index, label, psi)`, by the `index` and `label` of its row in the shards: anyone with the weights
 * can regenerate it. Candidate k of class c has the index c · stride + k.
 */
const synthetic = z.strictObject({
  seed: z.int().nonnegative(),
  psi: z.number().min(0).max(1),
  imagesPerClass: z.array(count).min(2).max(16),
  /** What the site's filters rejected; absent where no filter looked. */
  candidates: z
    .strictObject({ stride: z.int().positive(), classes: z.array(candidates).min(2).max(16) })
    .optional(),
});

function isAccountedFor({ imagesPerClass, candidates }: z.infer<typeof synthetic>): boolean {
  if (!candidates) return true;
  if (candidates.classes.length !== imagesPerClass.length) return false;
  return candidates.classes.every(({ drawn, rejected, rejections }, label) => {
    const rejectedCount = rejections.reduce((sum, { count }) => sum + count, 0);
    const numbers = rejectedNumbers(rejected);
    const isInside = drawn <= candidates.stride && (numbers.at(-1) ?? -1) < drawn;
    return isInside && numbers.length === rejectedCount && drawn - rejectedCount === imagesPerClass[label];
  });
}

/** The candidates whose bit is set, in order. */
function rejectedNumbers(base64: string): number[] {
  const bytes = Array.from(atob(base64), (character) => character.charCodeAt(0));
  return bytes.flatMap((byte, at) => BITS.filter((bit) => (byte >> bit) & 1).map((bit) => at * 8 + bit));
}
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * What a site signs: everything that leaves it, and how it came about. It travels as the payload of a compact JWS
 * (EdDSA), so a verifier checks the very bytes that were signed.
 */
export const releaseManifest = z.strictObject({
  schema: z.literal('synspine.release/1'),
  siteId,
  /** Grows by at least one with each release of a site; the registry refuses an old one. */
  version: releaseVersion,
  runId,
  createdAt: isoDateTime,
  agentVersion: z.string().max(40),
  tensorflowVersion: z.string().max(40),
  preset: z.string().max(40),
  imageSize: z.int().positive(),
  classNames: z.array(z.string().min(1).max(64)).min(2).max(16),
  synthetic: synthetic.refine(isAccountedFor, 'each candidate is released or rejected'),
  training: z.strictObject({
    loss: z.enum(['gan', 'spinegan']),
    imagesShown: count,
    fit: z.enum(['centre-square', 'letterbox', 'squeeze']),
    films: z.strictObject({ train: count, validation: count, heldOut: count }),
    patients: z.strictObject({ train: count, validation: count, heldOut: count }),
    /** Files that the site did not take when the run began, by the reason; absent in releases of agents that did not tell. */
    refused: z
      .array(z.strictObject({ code: refusalCode, count: z.int().positive() }))
      .max(64)
      .optional(),
  }),
  /** Absent in releases of agents before 0.2. */
  lineage: lineage.optional(),
  /** Absent there, too, and where fewer than 12 validation films are. */
  trainingCurve: trainingCurve.optional(),
  /** SHA-256 over the sealed hold-out's film hashes, fixed before training. */
  holdOutCommitment: sha256Hex,
  quality: qualityReport,
  audit: approvedAudit,
  files: z.array(releaseFile).min(2).max(RELEASE_FILES_MAX),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;
