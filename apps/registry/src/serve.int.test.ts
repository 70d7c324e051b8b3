import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, PART_BYTES } from '@synspine/protocol';
import { startEmbeddedPostgres } from '@synspine/queue';
import { createAuthoriser, generateKeyPair, signManifest } from '@synspine/release';
import { testDatabase } from '@synspine/test-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { provideDatabase } from './database/provide-database.ts';
import { makeFiles, makeManifest, sha256Hex } from './test-kit/release-kit.ts';
import { announce, sendFiles, sendPart, type TestSite } from './test-kit/test-registry.ts';

const program = fileURLToPath(new URL('../bin/synspine-registry.mjs', import.meta.url));
const running = new Set<ChildProcess>();
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'synspine-test-serve-'));
});
afterEach(async () => {
  await Promise.all([...running].map(end)); // killed, one would leave its database to whoever starts next
  running.clear();
  await rm(dataDir, { recursive: true, force: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Starts `serve` and waits until it says where it listens. */
async function serve(env: NodeJS.ProcessEnv, cwd?: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd,
  });
  running.add(child);
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /at (http\S+)$/.exec(line)?.[1];
    if (url) return { child, url };
  }
  throw new Error('serve ended before it listened');
}

async function run(args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, DATA_DIR: dataDir, ...env },
    cwd,
  });
  return stdout.trim();
}

const adminClient = (baseUrl: string, token: string) =>
  createClient({ baseUrl, authorise: async () => ({ authorization: `Bearer ${token}` }) });

async function enrol(
  baseUrl: string,
  token: string,
  id: string,
  kind: 'site' | 'benchmark' = 'site',
): Promise<Omit<TestSite, 'judge'>> {
  const admin = adminClient(baseUrl, token);
  const { enrolmentCode: code } = await admin.call('createSite', { body: { id, name: id, kind } });
  const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const keys = { authKey: auth.publicJwk, signingKey: signing.publicJwk };
  const { audience } = await createClient({ baseUrl }).call('enrol', {
    body: { code, ...keys, agentVersion: '0.2.0' },
  });
  const authorise = createAuthoriser({ baseUrl, clientId: id, audience, authPrivateJwk: auth.privateJwk });
  return {
    id,
    client: createClient({ baseUrl, authorise }),
    authKey: auth.privateJwk,
    signingKey: signing.privateJwk,
    signingPublicKey: signing.publicJwk,
  };
}

/** What must hold at any moment: a release is complete if and only if its files are verified and it was audited. */
async function expectCompleteMeansVerified(prisma: Database): Promise<void> {
  for (const { id, status, files } of await prisma.release.findMany({ include: { files: true } })) {
    const audited = await prisma.auditRow.count({ where: { action: 'release.complete', subject: id } });
    expect([audited, audited === 1 && files.every((file) => file.verifiedAt)]).toEqual(
      status === 'uploading' ? [0, false] : [1, true],
    );
  }
}

describe('the program', () => {
  it('runs on an embedded database, makes admins meanwhile, and keeps everything over a restart', async () => {
    const first = await serve({ PORT: '0' });
    const token = await run(['create-admin', '--name', 'An admin']);
    await enrol(first.url, token, 'alder');
    first.child.kill('SIGTERM');
    expect(await once(first.child, 'exit')).toEqual([0, null]);
    expect(await run(['verify-audit'])).toMatch(/^[1-9]\d* rows, chain intact$/);
    const second = await serve({ PORT: '0' });
    const { sites } = await adminClient(second.url, token).call('listSites', {});
    expect(sites.map((site) => site.id)).toEqual(['alder']);
  });

  it('goes on after its process and the embedded database’s supervisor were killed', async () => {
    const first = await serve({ PORT: '0' });
    const token = await run(['create-admin', '--name', 'An admin']);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await serve({ PORT: '0' });
    await adminClient(second.url, token).call('listSites', {});
  });

  it('never serves from a database that ends with another command', async () => {
    const command = await provideDatabase({ databaseUrl: undefined, dataDir });
    const serving = serve({ PORT: '0' });
    await Promise.race([serving, sleep(15_000)]); // time enough to start, had it taken the command's database
    await command.close();
    const { url } = await serving;
    const token = await run(['create-admin', '--name', 'An admin']);
    expect(await adminClient(url, token).call('listSites', {})).toMatchObject({ sites: [] });
  });

  it('says what to do when a command meets a server that is still starting', async () => {
    const starting = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') }); // and hasn't shared its URL yet
    await expect(run(['create-admin', '--name', 'An admin'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The registry is starting[^\n]+ again[^\n]*\n$/),
    });
    await starting.stop();
  });

  it('lets sites enrol and log in at an IPv6 address', async () => {
    const env = { DATABASE_URL: await testDatabase(), PORT: '0', LISTEN_HOST: '::1' };
    const { url } = await serve(env);
    const site = await enrol(url, await run(['create-admin', '--name', 'An admin'], env), 'alder');
    expect(await site.client.call('latestVersion', {})).toEqual({ version: 0 });
  });

  it('says in words that a site has enrolled already', async () => {
    const { url } = await serve({ PORT: '0' });
    await enrol(url, await run(['create-admin', '--name', 'An admin']), 'alder');
    await expect(run(['invite', 'alder', '--name', 'Alder'])).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^SITE_EXISTS: [^\n]+Choose another id, or invite it again\.\n$/),
    });
  });

  it('never serves others what a demonstration left in the database', async () => {
    const { child, url } = await serve({ PORT: '0' });
    const site = await enrol(url, await run(['create-admin', '--name', 'An admin']), 'alder');
    const manifest = makeManifest('alder', makeFiles({ 'images-00000.parquet': 9 }));
    const { policy } = manifest.audit;
    const audit = { ...manifest.audit, policy: { ...policy!, demonstration: true } };
    const body = { manifest: await signManifest({ ...manifest, audit }, site.signingKey) };
    await site.client.call('createRelease', { headers: { 'idempotency-key': 'a-demonstration' }, body });
    await end(child);
    for (const [setting, value] of [
      ['LISTEN_HOST', '0.0.0.0'],
      ['PUBLIC_URL', 'https://registry.example.org'],
    ] as const)
      await expect(run(['serve'], { PORT: '0', [setting]: value })).rejects.toMatchObject({
        code: 78,
        stderr: expect.stringMatching(
          /^DEMONSTRATIONS_HELD: The database holds releases of a demonstration, [^\n]+\n$/,
        ),
      });
    await serve({ PORT: '0' }); // this machine still is
  });

  it('shows the dashboard without a setting, with all that its page asks for', async () => {
    const { url } = await serve({ PORT: '0', DASHBOARD_DIR: undefined });
    const response = await fetch(url, { headers: { accept: 'text/html' } });
    const page = await response.text();
    expect([response.status, page]).toEqual([200, expect.stringMatching(/<title>[^<]*Synspine/)]);
    const parts = [...page.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]!);
    expect(parts.length).toBeGreaterThan(0);
    for (const path of parts) expect((await fetch(url + path)).status).toBe(200);
  });

  it('says in one line that a named folder holds no dashboard', async () => {
    await expect(run(['serve'], { PORT: '0', DASHBOARD_DIR: dataDir })).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/^DASHBOARD_MISSING: [^\n]+ DASHBOARD_DIR[^\n]+\n$/),
    });
  });

  it('makes no second database for a command that runs in another folder', async () => {
    const [here, elsewhere] = [join(dataDir, 'here'), join(dataDir, 'elsewhere')];
    for (const folder of [here, elsewhere]) await mkdir(folder);
    const env = { DATA_DIR: undefined, PORT: '0' };
    const { url } = await serve(env, here);
    for (const args of [
      ['create-admin', '--name', 'An admin'],
      ['grant', '--name', 'Dr Doe'],
      ['invite', 'alder', '--name', 'Alder'],
      ['verify-audit'],
    ])
      await expect(run(args, env, elsewhere)).rejects.toMatchObject({
        code: 78,
        stdout: '',
        stderr: expect.stringMatching(
          /^DATABASE_MISSING: [^\n]+elsewhere\/registry-data[^\n]+DATA_DIR[^\n]+\n$/,
        ),
      });
    expect(await readdir(elsewhere)).toEqual([]);
    const token = await run(['create-admin', '--name', 'An admin'], env, here);
    expect(await adminClient(url, token).call('listSites', {})).toMatchObject({ sites: [] });
  });

  it('refuses a bad configuration in one line with exit code 78', async () => {
    await expect(run(['serve'], { PORT: 'eighty' })).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/^PORT: [^\n]+\n$/),
    });
  });

  it('says in one line, without the password, that the database does not answer', async () => {
    const env = { DATABASE_URL: 'postgresql://user:ZZCANARY@127.0.0.1:1/registry' };
    await expect(run(['migrate'], env)).rejects.toMatchObject({
      code: 75,
      stderr: expect.stringMatching(/^The database does not answer\. Check DATABASE_URL[^\n]*\n$/),
    });
  });
});

/** Publishes a shard of 48 MB, more than the sockets between two processes hold, and returns where it is. */
async function publishLarge(url: string): Promise<{ path: string; token: string; sha256: string }> {
  const token = await run(['create-admin', '--name', 'An admin']);
  const files = makeFiles({ 'images-00000.parquet': 48e6 });
  const site = await enrol(url, token, 'alder');
  const { releaseId } = await announce(site, makeManifest('alder', files));
  const params = { releaseId };
  await sendFiles(site, releaseId, files);
  await site.client.call('completeRelease', { params });
  const benchmark = await enrol(url, token, 'benchmark', 'benchmark');
  await benchmark.client.call('putVerdict', { params, body: { verdict: 'pass' } });
  const sha256 = sha256Hex(files['images-00000.parquet']!);
  return { path: `/v1/datasets/${releaseId}/files/images-00000.parquet`, token, sha256 };
}

/** Starts a download and reads nothing of it yet. */
async function startDownload(url: string, path: string, token: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((done, fail) => {
    get(url + path, { headers, agent: new Agent({ keepAlive: true }) }, done).on('error', fail);
  });
  return response.pause();
}

describe('a server that is told to end', () => {
  it('ends downloads first, and answers nobody new', async () => {
    const { child, url } = await serve({ PORT: '0', DRAIN_SECONDS: '60' });
    const { path, token, sha256 } = await publishLarge(url);
    const download = await startDownload(url, path, token);
    child.kill('SIGTERM');
    await sleep(300);
    child.kill('SIGTERM'); // as npx does, which passes on what the terminal sent already
    await sleep(2_000);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(child.exitCode).toBeNull();
    const hash = createHash('sha256');
    for await (const chunk of download) hash.update(chunk);
    expect(hash.digest('hex')).toBe(sha256);
    if (child.exitCode === null) await once(child, 'exit');
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });

  it('cuts a download that takes longer than it may, and one that a second signal hurries', async () => {
    for (const [seconds, signals] of [
      ['2', 1],
      ['300', 2],
    ] as const) {
      const { child, url } = await serve({ PORT: '0', DRAIN_SECONDS: seconds });
      const { path, token } = await publishLarge(url);
      const download = await startDownload(url, path, token);
      const gone = once(child, 'exit');
      const start = performance.now();
      for (let i = 0; i < signals; i++) {
        if (i > 0) await sleep(1_500);
        child.kill('SIGTERM');
      }
      expect(await gone).toEqual([0, null]);
      expect(performance.now() - start).toBeGreaterThan(1_400);
      expect(performance.now() - start).toBeLessThan(20_000);
      await expect(download.toArray()).rejects.toThrow('aborted');
      await rm(dataDir, { recursive: true });
    }
  });

  it('answers a site that waits for a task at once', async () => {
    const { child, url } = await serve({ PORT: '0', DRAIN_SECONDS: '300' });
    const site = await enrol(url, await run(['create-admin', '--name', 'An admin']), 'alder');
    const waiting = site.client.call('pollTasks', { query: { wait: 25 } });
    await sleep(1_000);
    const [gone, start] = [once(child, 'exit'), performance.now()];
    child.kill('SIGTERM');
    expect(await waiting).toEqual({ tasks: [] });
    expect(await gone).toEqual([0, null]);
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

it('takes a release once, whole, and publishes it once, whenever the server is killed', {
  timeout: 400_000,
}, async () => {
  const databaseUrl = await testDatabase();
  await migrate(databaseUrl);
  const prisma = openDatabase(databaseUrl);
  const env = { DATABASE_URL: databaseUrl, PORT: `${randomInt(20_000, 30_000)}` };
  let { child, url } = await serve(env);
  const site = await enrol(url, await run(['create-admin', '--name', 'An admin'], env), 'alder');
  const files = makeFiles({ 'images-00000.parquet': 2 * PART_BYTES + 1 });
  const manifest = makeManifest('alder', files);
  const jws = await signManifest(manifest, site.signingKey);

  /** Kills the server up to `withinMs` after the call was sent, looks, starts it again, and repeats the call. */
  const callAndKill = async <T>(call: () => Promise<T>, withinMs: number): Promise<T> => {
    const lost = call().catch((error: Error & { code?: string }) => {
      if (error.code !== undefined) throw error; // a refusal is no cut connection
    });
    await sleep(randomInt(withinMs));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await lost;
    await expectCompleteMeansVerified(prisma);
    ({ child } = await serve(env));
    return call();
  };
  const headers = { 'idempotency-key': 'one-upload' };
  const announced = () => site.client.call('createRelease', { headers, body: { manifest: jws } });
  const { releaseId } = await callAndKill(announced, 60);
  for (const { name, size } of manifest.files)
    for (let part = 1; (part - 1) * PART_BYTES < size; part++) {
      const bytes = files[name]!.subarray((part - 1) * PART_BYTES, part * PART_BYTES);
      await callAndKill(() => sendPart(site, releaseId, name, part, bytes), 200);
    }
  const complete = () => site.client.call('completeRelease', { params: { releaseId } });
  for (let i = 0; i < 3; i++) await callAndKill(complete, 150);
  const verifier = await enrol(
    url,
    await run(['create-admin', '--name', 'An admin'], env),
    'verifier',
    'benchmark',
  );
  const judge = () =>
    verifier.client.call('putVerdict', { params: { releaseId }, body: { verdict: 'pass' } });
  for (let i = 0; i < 2; i++) await callAndKill(judge, 150);

  await expectCompleteMeansVerified(prisma);
  const publications = { action: 'release.publish', subject: releaseId, actor: 'verifier' };
  expect(await prisma.auditRow.count({ where: publications })).toBe(1);
  expect(await prisma.release.findMany({ select: { id: true, status: true } })).toEqual([
    { id: releaseId, status: 'published' },
  ]);
  const token = await run(['create-admin', '--name', 'Another'], env);
  const params = { releaseId, name: 'images-00000.parquet' };
  const response = await adminClient(url, token).call('getFile', { params });
  expect(sha256Hex(Buffer.from(await response.arrayBuffer()))).toBe(
    sha256Hex(files['images-00000.parquet']!),
  );
  await prisma.$disconnect();
});

it('makes one release of fifty announcements at once to two servers', async () => {
  const databaseUrl = await testDatabase();
  const env = { DATABASE_URL: databaseUrl, PORT: '0' };
  const [one, two] = [await serve(env), await serve(env)];
  const token = await run(['create-admin', '--name', 'An admin'], env);
  const site = await enrol(one.url, token, 'alder');
  // The second server has an address, and so an audience, of its own.
  const elsewhere = createClient({
    baseUrl: two.url,
    authorise: createAuthoriser({
      baseUrl: two.url,
      clientId: 'alder',
      audience: two.url,
      authPrivateJwk: site.authKey,
    }),
  });
  const manifest = makeManifest('alder', makeFiles());
  const sites = Array.from({ length: 50 }, (_, i) => (i % 2 ? site : { ...site, client: elsewhere }));
  const states = await Promise.all(sites.map((from) => announce(from, manifest, 'same-key-for-all')));
  expect(new Set(states.map((state) => state.releaseId)).size).toBe(1);
});
