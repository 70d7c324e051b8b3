import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, ReleaseFile, ReleaseManifest, WaitingRelease } from '@synspine/protocol';
import { verifyFiles, writeFileAtomic } from '@synspine/release';
import { BenchmarkError, errorCode } from '../benchmark-error.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { type Session, verifyOfSite } from '../registry-session.ts';
import { saveResponse } from '../releases/save-response.ts';
import { lookInto } from './look-into.ts';

export type VerifyDeps = { home: Home; session: Session; log: Log; signal: AbortSignal; threads: number };
/** What became of the releases that waited; one that could not be fetched waits on. */
export type Verified = { published: number; quarantined: number };

const TRIES = 2; // of a check that ended without an answer: the machine may have been short of memory

/**
 * Looks into every release that waits at the registry, oldest first, and says what it found, by a code. A release counts as
 * repeating another site's when it repeats one that is published; of two that wait, the older one comes first.
 */
export async function verifyWaiting(deps: VerifyDeps): Promise<Verified> {
  const { session, signal, log } = deps;
  const { releases } = await session.client.call('listWaiting', {}, { signal });
  const outcome: Verified = { published: 0, quarantined: 0 };
  if (releases.length === 0) return outcome;
  const { datasets } = await session.client.call('listDatasets', { query: {} }, { signal });
  const unread = await indexAll(deps, datasets);
  const published = datasets.map(({ siteId, manifest }) => ({ siteId, weights: weightsOf(manifest) }));
  for (const release of releases) {
    const about = { siteId: release.siteId, version: release.version };
    if (unread.some((siteId) => siteId !== release.siteId)) {
      log.error('release waits until it can be compared with every published one', about);
      continue;
    }
    try {
      const verdict = await verifyRelease(deps, release, published);
      outcome[verdict === 'pass' ? 'published' : 'quarantined'] += 1;
      log.info('release was verified', { ...about, code: verdict });
    } catch (error) {
      if (signal.aborted || errorCode(error) === 'REGISTRY_UNREACHABLE') throw error;
      log.error('release was not verified', { ...about, code: errorCode(error) });
    }
  }
  return outcome;
}

/** One that passes joins `published`. */
async function verifyRelease(deps: VerifyDeps, release: WaitingRelease, published: Published[]) {
  const { home, session, signal, log } = deps;
  const { client } = session;
  const { releaseId, siteId, version, manifestSha256 } = release;
  const { manifest: jws } = await client.call('getWaitingManifest', { params: { releaseId } }, { signal });
  const manifest = await verifySigned(deps, jws, release);
  const weights = weightsOf(manifest);
  if (published.some((other) => other.siteId !== siteId && other.weights === weights)) {
    const verdict = 'CONTENT_REPEATS_SITE';
    await client.call('putVerdict', { params: { releaseId }, body: { verdict } }, { signal });
    return verdict;
  }
  const get = ({ name }: ReleaseFile) =>
    client.call('getWaitingFile', { params: { releaseId, name } }, { signal });
  return withFiles(deps, manifestSha256, { manifest, get }, async (folder) => {
    const others = await listFingerprints(home, siteId);
    const answer = await retried(() => lookInto({ kind: 'check', manifest, folder, others }, deps));
    const { verdict, fingerprints, confinement } = answer;
    if (!confinement.confined || !confinement.readsLimited)
      log.warn('contents were looked into without all confinement', { siteId, version });
    await client.call('putVerdict', { params: { releaseId }, body: { verdict } }, { signal });
    if (fingerprints) await keepFingerprints(home, siteId, manifestSha256, fingerprints);
    if (verdict === 'pass') published.push({ siteId, weights });
    return verdict;
  });
}

/** Weights that a site has published are its own, whatever was drawn from them. */
type Published = { siteId: string; weights: string };

function weightsOf({ files }: ReleaseManifest): string {
  return files.find(({ kind }) => kind === 'generator')!.sha256;
}

async function retried(look: () => ReturnType<typeof lookInto>): ReturnType<typeof lookInto> {
  let answer = await look();
  for (let tries = 1; answer.verdict === 'CONTENT_UNREADABLE' && tries < TRIES; tries++)
    answer = await look();
  return answer;
}

/** Trusts the registry in nothing: the manifest is its site's, by the pinned key, and the one that was listed. */
async function verifySigned(
  { home, session }: VerifyDeps,
  jws: string,
  listed: Pick<WaitingRelease, 'siteId' | 'version' | 'manifestSha256'>,
): Promise<ReleaseManifest> {
  const { manifest, manifestSha256 } = await verifyOfSite(home, session.client, listed.siteId, jws);
  const isListed =
    manifest.siteId === listed.siteId &&
    manifest.version === listed.version &&
    manifestSha256 === listed.manifestSha256;
  if (!isListed) throw new BenchmarkError('RELEASE_MISMATCH');
  return manifest;
}

type Fetched = {
  manifest: ReleaseManifest;
  get(file: ReleaseFile): Promise<Response>;
  kinds?: readonly ReleaseFile['kind'][];
};

/** Fetches a release's files, compares them with its manifest, and removes them when `work` is done. */
async function withFiles<T>(
  { home, signal }: VerifyDeps,
  name: string,
  { manifest, get, kinds }: Fetched,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(home.waiting, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    for (const file of manifest.files.filter(({ kind }) => !kinds || kinds.includes(kind)))
      await saveResponse(await get(file), file, join(folder, file.name), signal);
    await verifyFiles(folder, manifest, kinds);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Sees to it that the fingerprints of every published release are here, also of those that others let pass.
 * → the sites of which one could not be had: what repeats it wouldn't be seen. One whose very bytes hold no image that can be read
 * holds up nobody.
 */
async function indexAll(deps: VerifyDeps, datasets: readonly Dataset[]): Promise<string[]> {
  const { home, signal, log } = deps;
  const known = new Set(await listFingerprints(home));
  const unread: string[] = [];
  for (const dataset of datasets) {
    if (known.has(fingerprintsPath(home, dataset.siteId, dataset.manifestSha256))) continue;
    try {
      await indexDataset(deps, dataset);
    } catch (error) {
      if (signal.aborted || errorCode(error) === 'REGISTRY_UNREACHABLE') throw error;
      const { siteId, version } = dataset;
      log.error('published release was not indexed', { siteId, version, code: errorCode(error) });
      if (errorCode(error) !== 'IMAGES_INVALID') unread.push(siteId);
    }
  }
  return unread;
}

async function indexDataset(deps: VerifyDeps, dataset: Dataset): Promise<void> {
  const { home, session, signal } = deps;
  const { id: releaseId, siteId, manifestSha256 } = dataset;
  const params = { releaseId };
  const { manifest: jws } = await session.client.call('getManifest', { params }, { signal });
  const manifest = await verifySigned(deps, jws, dataset);
  const get = ({ name }: ReleaseFile) =>
    session.client.call('getFile', { params: { releaseId, name } }, { signal });
  await withFiles(deps, manifestSha256, { manifest, get, kinds: ['images'] }, async (folder) => {
    const look = () => lookInto({ kind: 'index', manifest, folder, others: [] }, deps);
    const { fingerprints } = await retried(look);
    if (!fingerprints) throw new BenchmarkError('IMAGES_INVALID');
    await keepFingerprints(home, siteId, manifestSha256, fingerprints);
  });
}

function fingerprintsPath(home: Home, siteId: string, manifestSha256: string): string {
  return join(home.fingerprints, siteId, manifestSha256);
}

async function keepFingerprints(home: Home, siteId: string, manifestSha256: string, bytes: Uint8Array) {
  await mkdir(join(home.fingerprints, siteId), { recursive: true, mode: 0o700 });
  await writeFileAtomic(fingerprintsPath(home, siteId, manifestSha256), bytes);
}

/** Files of fingerprints, all or those of every site but one. */
async function listFingerprints(home: Home, butOf?: string): Promise<string[]> {
  const sites = (await readdir(home.fingerprints)).filter((siteId) => siteId !== butOf);
  const files = await Promise.all(
    sites.map(async (siteId) => {
      const names = await readdir(join(home.fingerprints, siteId));
      return names
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .map((name) => fingerprintsPath(home, siteId, name));
    }),
  );
  return files.flat().sort();
}
