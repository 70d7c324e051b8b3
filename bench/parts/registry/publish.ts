import { createHash } from 'node:crypto';
import { makeFiles, makeManifest } from '../../../apps/registry/src/test-kit/release-kit.ts';
import { type Client, createClient, PART_BYTES } from '../../../packages/protocol/src/index.ts';
import {
  createAuthoriser,
  generateKeyPair,
  type PrivateJwk,
  signManifest,
} from '../../../packages/release/src/index.ts';
import type { Centre } from '../../../scripts/demo/centre.ts';

const AGENT_VERSION = '0.3.0';
const SHARD = 'images-00000.parquet';

export type BenchSite = { id: string; client: Client; signingKey: PrivateJwk };

/** Enrols as an agent does. */
export async function enrol(centre: Centre, id: string, kind: 'site' | 'benchmark'): Promise<BenchSite> {
  const code = await centre.invite(id, id, kind);
  const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const { audience } = await createClient({ baseUrl: centre.url }).call('enrol', {
    body: {
      ...{ code, authKey: auth.publicJwk, signingKey: signing.publicJwk },
      agentVersion: AGENT_VERSION,
    },
  });
  const authorise = createAuthoriser({
    ...{ baseUrl: centre.url, clientId: id, audience, authPrivateJwk: auth.privateJwk },
  });
  return { id, client: createClient({ baseUrl: centre.url, authorise }), signingKey: signing.privateJwk };
}

/** A release whose image shard has `bytes` random bytes. */
async function announce({ id, client, signingKey }: BenchSite, version: number, bytes: number) {
  const files = makeFiles({ [SHARD]: bytes });
  const manifest = makeManifest(id, files, { version, runId: `run-${String(version).padStart(10, '0')}` });
  const { releaseId } = await client.call('createRelease', {
    headers: { 'idempotency-key': crypto.randomUUID() },
    body: { manifest: await signManifest(manifest, signingKey) },
  });
  return { releaseId, files };
}

/** Sends a file's parts, one after another as an agent does. The digests are made before, as they are there. → seconds */
async function sendFile({ client }: BenchSite, releaseId: string, name: string, bytes: Buffer) {
  const parts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, i) =>
    bytes.subarray(i * PART_BYTES, (i + 1) * PART_BYTES),
  ).map((body) => ({ body, digest: `sha-256=:${createHash('sha256').update(body).digest('base64')}:` }));
  const start = performance.now();
  for (const [i, { body, digest }] of parts.entries())
    await client.call('putPart', {
      ...{ params: { releaseId, name, part: i + 1 }, headers: { 'content-digest': digest }, body },
    });
  return (performance.now() - start) / 1_000;
}

/** Sends and publishes a release; its contents are taken as looked at. → its id and its shard's name */
export async function publish(site: BenchSite, verifier: BenchSite, bytes: number) {
  const { releaseId, files } = await announce(site, 1, bytes);
  for (const [name, content] of Object.entries(files)) await sendFile(site, releaseId, name, content);
  await site.client.call('completeRelease', { params: { releaseId } });
  await verifier.client.call('putVerdict', { params: { releaseId }, body: { verdict: 'pass' } });
  return { releaseId, shard: SHARD };
}

/** A release announced, of which only the shard is sent. → MB/s, 10⁶ bytes */
export async function measureUpload(site: BenchSite, version: number, bytes: number): Promise<number> {
  const { releaseId, files } = await announce(site, version, bytes);
  return bytes / 1e6 / (await sendFile(site, releaseId, SHARD, files[SHARD]!));
}
