import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, Dataset, ReleaseFile, ReleaseManifest } from '@synspine/protocol';
import { MANIFEST_FILE, verifyFiles, writeFileAtomic } from '@synspine/release';
import { BenchmarkError } from '../benchmark-error.ts';
import type { Home } from '../home.ts';
import { verifyOfSite } from '../registry-session.ts';
import { loadImages } from './load-images.ts';
import { saveResponse } from './save-response.ts';

/** A release whose signature, audit and image files have been checked here; `dir` holds its shards. */
export type VerifiedRelease = {
  manifest: ReleaseManifest;
  manifestSha256: string;
  publishedAt: string;
  dir: string;
};

export type FetchDeps = { home: Home; client: Client; signal: AbortSignal };

/**
 * Fetches one data set's image shards and verifies everything about it, trusting the registry in nothing: the manifest
 * by the site's pinned key, the files by the manifest's hashes. Files that are there already aren't fetched again. Its
 * images are decoded once, before its manifest is kept: found only in training, one site's bad image would stop the pool's.
 * Throws SIGNATURE_INVALID, AUDIT_NOT_APPROVED, FILE_HASH_MISMATCH, … of the protocol, RELEASE_MISMATCH,
 * RELEASE_UNSUPPORTED or IMAGES_INVALID.
 */
export async function fetchRelease(deps: FetchDeps, dataset: Dataset): Promise<VerifiedRelease> {
  const { home, client, signal } = deps;
  const params = { releaseId: dataset.id };
  const { manifest: jws } = await client.call('getManifest', { params }, { signal });
  const { manifest, manifestSha256 } = await verifyOfSite(home, client, dataset.siteId, jws);
  if (manifest.siteId !== dataset.siteId || manifest.version !== dataset.version)
    throw new BenchmarkError('RELEASE_MISMATCH');
  if (manifestSha256 !== dataset.manifestSha256) throw new BenchmarkError('RELEASE_MISMATCH');
  const dir = join(home.releases, manifestSha256);
  await mkdir(dir, { recursive: true });
  await removePartial(dir);
  for (const file of manifest.files.filter((f) => f.kind === 'images'))
    if (!existsSync(join(dir, file.name))) await fetchFile(deps, dataset, file, join(dir, file.name));
  await verifyOrDiscard(dir, manifest);
  const release = { manifest, manifestSha256, publishedAt: dataset.publishedAt, dir };
  const kept = join(dir, MANIFEST_FILE);
  if (!existsSync(kept)) {
    await loadImages(release);
    await writeFileAtomic(kept, Buffer.from(jws));
  }
  return release;
}

async function fetchFile(
  { client, signal }: FetchDeps,
  dataset: Dataset,
  file: ReleaseFile,
  path: string,
): Promise<void> {
  const params = { releaseId: dataset.id, name: file.name };
  const response = await client.call('getFile', { params }, { signal });
  await saveResponse(response, file, path, signal);
}

async function verifyOrDiscard(dir: string, manifest: ReleaseManifest): Promise<void> {
  try {
    await verifyFiles(dir, manifest, ['images']);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function removePartial(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (name.endsWith('.partial')) await rm(join(dir, name));
}
