import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, ReleaseFile } from '../../packages/protocol/src/index.ts';
import { MANIFEST_FILE, verifyFiles, verifyManifest } from '../../packages/release/src/index.ts';

/**
 * Downloads the image shards of a data set and its signed manifest into `dir`, and verifies all of it. A download that
 * was cut off goes on where it stopped.
 */
export async function pullDataset({
  client,
  id,
  dir,
}: {
  client: Client;
  id: string;
  dir: string;
}): Promise<number> {
  const params = { releaseId: id };
  const { manifest: jws } = await client.call('getManifest', { params });
  const dataset = await client.call('getDataset', { params });
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, MANIFEST_FILE), jws);
  for (const file of dataset.manifest.files.filter((f) => f.kind === 'images'))
    await fetchFile(client, id, file, dir);
  return verifyDataset({ client, dir });
}

async function fetchFile(client: Client, id: string, file: ReleaseFile, dir: string) {
  const path = join(dir, file.name);
  const have = await stat(path).then(
    (s) => s.size,
    () => 0,
  );
  if (have >= file.size) return; // its hash is verified with the others
  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const response = await client.call('getFile', { params: { releaseId: id, name: file.name } }, { headers });
  const flags = response.status === 206 ? 'a' : 'w';
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path, { flags }));
  console.log(`${file.name}  ${file.size} bytes`);
}

/** Verifies the manifest's signature with the site's registered keys, and every image shard with the manifest. */
export async function verifyDataset({ client, dir }: { client: Client; dir: string }): Promise<number> {
  const jws = (await readFile(join(dir, MANIFEST_FILE), 'utf8')).trim();
  const { keys } = await client.call('siteKeys', { params: { siteId: claimedSite(jws) } });
  const { manifest, manifestSha256 } = await verifyManifest(jws, keys);
  await verifyFiles(dir, manifest, ['images']);
  console.log(`verified: ${manifest.siteId} version ${manifest.version}, manifest ${manifestSha256}`);
  return 0;
}

/** Whose signature it claims to be; believed only once that site's key has verified it. */
function claimedSite(jws: string): string {
  const payload = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
  return String(payload.siteId);
}
