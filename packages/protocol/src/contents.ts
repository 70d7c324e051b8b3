import { z } from 'zod';
import { isoDateTime, releaseVersion, sha256Hex, siteId } from './ids.ts';

/**
 * The one table of what may be wrong with the contents of a release: code → what its site does next. A verifier reports
 * a code and no other text, so that nothing a file holds can travel in a verdict.
 */
export const CONTENT_PROBLEMS = {
  CONTENT_WEIGHTS_HEADER: 'The generator is no strict safetensors file. Build the release again.',
  CONTENT_WEIGHTS_ARCHITECTURE:
    'The weights are not those of the preset that the manifest names. Build the release again with its preset.',
  CONTENT_PRESET_UNKNOWN:
    'The centre does not know this preset. Ask it to upgrade, or use a preset it knows.',
  CONTENT_PARQUET_SCHEMA:
    'A shard is no Parquet file of images, labels and indices. Build the release again.',
  CONTENT_ROW_COUNT: 'The shards hold more or fewer rows than the manifest says. Build the release again.',
  CONTENT_LABELS: 'Labels in the shards differ from the manifest’s. Build the release again.',
  CONTENT_INDICES:
    'A row’s index is doubled, or is no candidate that the manifest says was kept. Build the release again.',
  CONTENT_PNG_DAMAGED: 'An image is no whole PNG. Build the release again.',
  CONTENT_PNG_FORMAT: 'An image is not 8-bit gray of the stated size. Build the release again.',
  CONTENT_PNG_CHUNKS:
    'An image carries a chunk that no release holds. Find out what wrote it, then build the release again.',
  CONTENT_PNG_UNMARKED: 'An image does not say that it is synthetic. Upgrade the agent, and release again.',
  CONTENT_PNG_MARK: 'An image’s XMP says something else than that it is synthetic. Build the release again.',
  CONTENT_GRID: 'The grid is no gray image of whole rows. Build the release again.',
  CONTENT_NOT_REGENERATED:
    'The weights do not draw the images that were sent. Release again with the agent that trained them.',
  CONTENT_REPEATS_SITE:
    'An image repeats one that another site has released. Train on films of this site alone, from fresh weights.',
  CONTENT_UNREADABLE:
    'The contents could not be checked within the limits of memory and time. Ask the centre’s admin.',
} as const satisfies Record<string, string>;

export type ContentCode = keyof typeof CONTENT_PROBLEMS;
export const CONTENT_CODES = Object.keys(CONTENT_PROBLEMS) as [ContentCode, ...ContentCode[]];

/** Where a release stands. `verifying`: whole and unaltered at the registry, and visible to no researcher yet. */
export const releaseStates = ['uploading', 'verifying', 'published', 'quarantined'] as const;
export type ReleaseState = (typeof releaseStates)[number];

/** A site's own release as it and the admin see it. */
export const releaseProgress = z.object({
  releaseId: z.uuid(),
  version: releaseVersion,
  state: z.enum(releaseStates),
  /** When it came into this state. */
  since: isoDateTime,
  /** Why it is in quarantine, else null. A code that this version doesn't know yet reads as any text. */
  code: z.string().nullable(),
  nextStep: z.string().nullable(),
  /** An admin withdrew it for the reason in `code`; agents before 0.3.0 read it as quarantined. */
  withdrawn: z.boolean().optional(),
});
export type ReleaseProgress = z.infer<typeof releaseProgress>;

/** When a worker last asked for releases to verify; null: never. Without one releases stay `verifying`. */
export const verifierSeen = z.object({ seenAt: isoDateTime.nullable() });
export type VerifierSeen = z.infer<typeof verifierSeen>;

/** A release that waits for somebody to look at its contents. */
export const waitingRelease = z.object({
  releaseId: z.uuid(),
  siteId,
  version: releaseVersion,
  manifestSha256: sha256Hex,
  since: isoDateTime,
});
export type WaitingRelease = z.infer<typeof waitingRelease>;

/** What looking at the contents came to. */
export const contentVerdict = z.enum(['pass', ...CONTENT_CODES]);
export type ContentVerdict = z.infer<typeof contentVerdict>;

/** A release's state in one sentence, for people. */
export function describeProgress(release: ReleaseProgress, { seenAt }: VerifierSeen): string {
  const { version, state, code, nextStep, withdrawn } = release;
  if (withdrawn) return `release ${version} was withdrawn (${code}). ${nextStep ?? ''}`.trim();
  if (state === 'quarantined')
    return `release ${version} is in quarantine (${code}). ${nextStep ?? ''}`.trim();
  if (state !== 'verifying') return `release ${version} is ${state}`;
  const worker = seenAt ? `none seen since ${seenAt.slice(0, 16).replace('T', ' ')} UTC` : 'none seen yet';
  return `release ${version} waits for verification by a benchmark worker (${worker})`;
}
