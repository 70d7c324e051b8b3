import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AUDIT_STATE_WORDS,
  DEMONSTRATION_WARNING,
  describeTestState,
  isDemonstration,
  stateOfAudit,
} from '../../packages/audit-rules/src/index.ts';
import {
  type Client,
  ProblemError,
  type ReleaseFile,
  type ReleaseManifest,
} from '../../packages/protocol/src/index.ts';
import { MANIFEST_FILE, verifyFiles, verifyRegistered } from '../../packages/release/src/index.ts';
import { ToolError } from './describe-failure.ts';
import { describeLineage } from './describe-lineage.ts';

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
  const { manifest: jws } = await client.call('getManifest', { params: { releaseId: id } });
  const { manifest } = await verifySigned(client, jws);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, MANIFEST_FILE), jws);
  for (const file of manifest.files.filter((f) => f.kind === 'images'))
    await fetchFile(client, id, file, join(dir, file.name));
  return verifyDataset({ client, dir });
}

/** A file that came out wrong isn't kept: going on from it, or taking it for whole, would fail each time. */
async function fetchFile(client: Client, id: string, file: ReleaseFile, path: string) {
  if (await isWhole(path, file)) return;
  const have = await sizeOf(path);
  const start = have < file.size ? have : 0;
  const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
  const response = await client.call('getFile', { params: { releaseId: id, name: file.name } }, { headers });
  const goesOn = response.status === 206;
  const body = Readable.fromWeb(response.body as never);
  const limit = upTo(file.size - (goesOn ? start : 0));
  await pipeline(body, limit, createWriteStream(path, { flags: goesOn ? 'a' : 'w' }));
  if (!(await isWhole(path, file))) {
    await rm(path);
    throw new ProblemError('FILE_HASH_MISMATCH', `${file.name}; it was removed, pull again`);
  }
  console.log(`${file.name}  ${file.size} bytes`);
}

/** Lets through one byte more than is wanted at most, which the file's size then tells, so that no answer fills the disk. */
function upTo(bytes: number) {
  return async function* (chunks: AsyncIterable<Uint8Array>) {
    let left = bytes + 1;
    for await (const chunk of chunks) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  };
}

async function isWhole(path: string, { size, sha256 }: ReleaseFile): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === sha256;
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (s) => s.size,
    () => 0,
  );

/**
 * Verifies the manifest's signature with the site's registered keys, and every file with the manifest. The shards must be
 * there; the generator, which only admins can fetch, may be. Throws MANIFEST_MISSING.
 */
export async function verifyDataset({ client, dir }: { client: Client; dir: string }): Promise<number> {
  const jws = await readManifest(dir);
  const { manifest, manifestSha256 } = await verifySigned(client, jws);
  await verifyFiles(dir, manifest, ['images']);
  console.log(describeLineage(manifest).join('\n'));
  console.log(`verified: ${manifest.siteId} version ${manifest.version}, manifest ${manifestSha256}`);
  for (const line of describeAudit(manifest.audit)) console.log(line);
  return 0;
}

async function readManifest(dir: string): Promise<string> {
  const text = await readFile(join(dir, MANIFEST_FILE), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw ['ENOENT', 'ENOTDIR'].includes(cause.code ?? '')
      ? new ToolError('MANIFEST_MISSING', { cause })
      : cause;
  });
  return text.trim();
}

/** How the site's own audit came out, derived from its figures: what a policy accepted is named, and so is a demonstration. */
function describeAudit(audit: ReleaseManifest['audit']): string[] {
  const open = audit.tests.filter(({ verdict }) => verdict !== 'pass');
  return [
    `privacy audit: ${AUDIT_STATE_WORDS[stateOfAudit(audit)]}`,
    ...open.map((test) => `  ${test.id} ${test.name}: ${describeTestState(test, audit)}`),
    ...(isDemonstration(audit) ? [`  ${DEMONSTRATION_WARNING}`] : []),
  ];
}

async function verifySigned(client: Client, jws: string) {
  return verifyRegistered(jws, await client.call('siteKeys', { params: { siteId: claimedSite(jws) } }));
}

/** Whose signature it claims to be; believed only once that site's key has verified it. */
function claimedSite(jws: string): string {
  const payload = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
  return String(payload.siteId);
}
