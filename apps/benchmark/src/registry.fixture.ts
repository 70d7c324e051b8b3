import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, createClient, type ReleaseManifest } from '@synspine/protocol';
import { createAuthoriser, generateKeyPair, type PrivateJwk, signManifest } from '@synspine/release';

const REGISTRY = fileURLToPath(new URL('../../registry/bin/synspine-registry.mjs', import.meta.url));

export type RunningRegistry = {
  url: string;
  /** Gone when it has stopped. */
  folder: string;
  environment: NodeJS.ProcessEnv;
  admin: Client;
  enrol(id: string, kind: 'site' | 'benchmark'): Promise<{ client: Client; signingKey: PrivateJwk }>;
  stop(): Promise<void>;
};

/** The registry's own program with its embedded database, on a free port. */
export async function startRegistry(inherited: NodeJS.ProcessEnv): Promise<RunningRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'synspine-benchmark-int-'));
  const environment = { ...inherited, DATA_DIR: join(folder, 'registry'), PORT: '0', LOG_LEVEL: 'silent' };
  const create = [REGISTRY, 'create-admin', '--name', 'Test'];
  const { stdout } = await promisify(execFile)(process.execPath, create, { env: environment });
  const child = spawn(process.execPath, [REGISTRY, 'serve'], { env: environment });
  const url = await new Promise<string>((found, failed) => {
    let text = '';
    child.once('exit', () => failed(new Error('the registry ended')));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = /http:\/\/[\w.]+:\d+/.exec(text);
      if (match) found(match[0]);
    });
  });
  const authorisation = { Authorization: `Bearer ${stdout.trim()}` };
  const admin = createClient({ baseUrl: url, authorise: async () => authorisation });
  const stop = async () => {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url, folder, environment, admin, enrol: (id, kind) => enrol({ url, admin }, id, kind), stop };
}

async function enrol({ url, admin }: { url: string; admin: Client }, id: string, kind: 'site' | 'benchmark') {
  const { enrolmentCode: code } = await admin.call('createSite', { body: { id, name: id, kind } });
  const [auth, signing] = [await generateKeyPair(), await generateKeyPair()];
  const keys = { authKey: auth.publicJwk, signingKey: signing.publicJwk, agentVersion: '0.2.0' };
  const { audience } = await createClient({ baseUrl: url }).call('enrol', { body: { code, ...keys } });
  const { privateJwk: authPrivateJwk } = auth;
  const authorise = createAuthoriser({ baseUrl: url, clientId: id, audience, authPrivateJwk });
  return { client: createClient({ baseUrl: url, authorise }), signingKey: signing.privateJwk };
}

/** Announces a release, sends its files and completes it. Returns its id. */
export async function sendRelease(
  { client, signingKey }: { client: Client; signingKey: PrivateJwk },
  manifest: ReleaseManifest,
  dir: string,
): Promise<string> {
  const { releaseId } = await client.call('createRelease', {
    headers: { 'idempotency-key': randomUUID() },
    body: { manifest: await signManifest(manifest, signingKey) },
  });
  for (const { name } of manifest.files) {
    const body = await readFile(join(dir, name));
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const params = { releaseId, name, part: 1 };
    await client.call('putPart', { params, headers: { 'content-digest': digest }, body });
  }
  await client.call('completeRelease', { params: { releaseId } });
  return releaseId;
}
