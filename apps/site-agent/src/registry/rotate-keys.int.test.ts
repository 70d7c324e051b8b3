import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, type KeyPeriod } from '@synspine/protocol';
import getPort from 'get-port';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey, openKeyedHash, readKey } from '../keys.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openRegistry } from './open-registry.ts';
import { rotateKeys } from './rotate-keys.ts';

const run = promisify(execFile);
const temporaryFolder = useTemporaryFolders();
const bin = (app: string, name: string) =>
  fileURLToPath(new URL(`../../../${app}/bin/${name}.mjs`, import.meta.url));
const REGISTRY = bin('registry', 'synspine-registry');
const AGENT = bin('site-agent', 'synspine-site');

let env: NodeJS.ProcessEnv;
let served: ChildProcess;
let network: Server;
let url: string;
/** What becomes of a statement of keys on its way. */
let losing: 'nothing' | 'the request' | 'the answer';
let home: Home;
let siteId: string;
let sites = 0;

/** A registry behind a network that loses things. */
beforeAll(async () => {
  const PORT = String(await getPort({ host: '127.0.0.1' }));
  network = createServer(async (request, response) => {
    const isStatement = request.url === '/v1/site/keys';
    const body = await buffer(request);
    if (isStatement && losing === 'the request') return request.socket.destroy();
    const { method, headers, url: path } = request;
    const onward = forward({ host: '127.0.0.1', port: PORT, method, path: path!, headers }, (answer) => {
      if (isStatement && losing === 'the answer') return request.socket.destroy();
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.end(body);
  });
  network.listen(0, '127.0.0.1');
  await once(network, 'listening');
  url = `http://127.0.0.1:${(network.address() as AddressInfo).port}`;
  const DATA_DIR = join(await temporaryFolder(), 'registry');
  env = { ...process.env, DATA_DIR, PORT, PUBLIC_URL: url, LOG_LEVEL: 'silent' };
  served = spawn(process.execPath, [REGISTRY, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface(served.stdout!), 'line');
}, 240_000);
afterAll(async () => {
  network.close();
  served.kill();
  if (served.exitCode === null) await once(served, 'exit');
});

/** A site that has enrolled. */
beforeEach(async () => {
  losing = 'nothing';
  siteId = `site-${++sites}`;
  home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  await openKeyedHash(home);
  const keys = { authKey: await makeKey(home, 'auth'), signingKey: await makeKey(home, 'signing') };
  const code = await invite('--name', 'A hospital');
  const { audience } = await createClient({ baseUrl: url }).call('enrol', {
    body: { code, ...keys, agentVersion: '0.2.0' },
  });
  const enrolledAt = new Date().toISOString();
  await writeJson(home.files.site, { siteId, registryUrl: url, audience, enrolledAt });
}, 60_000);

const invite = async (...flags: string[]) =>
  (await run(process.execPath, [REGISTRY, 'invite', siteId, ...flags], { env })).stdout.trim();
const work = async () => (await openRegistry(home)).client.call('latestVersion', {});
const present = async () => ({
  auth: (await readKey(home, 'auth')).x,
  signing: (await readKey(home, 'signing')).x,
});
const files = async () => (await readdir(home.folders.keys)).sort();
const FILES = ['auth.jwk', 'signing.jwk', 'split.key'];
const registered = async (): Promise<KeyPeriod[]> =>
  (await createClient({ baseUrl: url }).call('siteKeys', { params: { siteId } })).history ?? [];

it('puts new keys in the place of the old ones, at the registry and in the home', async () => {
  const old = await present();
  await rotateKeys(home);
  const now = await present();
  expect([now.auth, now.signing]).not.toEqual([old.auth, old.signing]);
  expect((await registered()).map(({ key }) => key.x)).toEqual([now.signing, old.signing]);
  expect(await work()).toEqual({ version: 0 });
  expect(await files()).toEqual(FILES);
}, 60_000);

it('loses no key when the request or the answer is lost, and whatever comes next finishes it', async () => {
  const old = await present();
  losing = 'the request';
  await expect(rotateKeys(home)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  expect([await present(), await work()]).toEqual([old, { version: 0 }]); // by the old keys
  losing = 'the answer';
  await expect(rotateKeys(home)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  expect(await present()).toEqual(old);
  expect(await registered()).toHaveLength(2);
  losing = 'nothing';
  expect(await work()).toEqual({ version: 0 });
  expect(await files()).toEqual(FILES);
  expect((await registered()).map(({ key }) => key.x)).toEqual([(await present()).signing, old.signing]);
}, 60_000);

it('goes on where a kill cut it off between the files of the two keys', async () => {
  losing = 'the answer';
  await expect(rotateKeys(home)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  losing = 'nothing';
  const at = (name: string) => join(home.folders.keys, name);
  await writeFile(at('next-are-registered'), '');
  await rename(at('signing-next.jwk'), at('signing.jwk'));
  expect(await work()).toEqual({ version: 0 });
  expect(await files()).toEqual(FILES);
  expect((await registered())[0]!.key.x).toBe((await present()).signing);
}, 60_000);

it('reports the old key as compromised, also where the exchange was cut off before', async () => {
  losing = 'the answer';
  await expect(rotateKeys(home)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  await expect(rotateKeys(home, { compromised: true })).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
  });
  losing = 'nothing';
  await run(process.execPath, [AGENT, 'keys', 'rotate', '--home', home.path], { env });
  expect((await registered()).map(({ compromisedAt }) => compromisedAt === null)).toEqual([true, false]);
  expect(await work()).toEqual({ version: 0 });
  expect(await files()).toEqual(FILES);
}, 60_000);

it('enrols a home again after its keys were revoked, with new keys and nothing else changed', async () => {
  const old = await present();
  const split = await readFile(join(home.folders.keys, 'split.key'));
  await run(process.execPath, [REGISTRY, 'revoke', siteId], { env });
  await expect(work()).rejects.toMatchObject({ code: 'SITE_REVOKED' });
  const init = async (...flags: string[]) => {
    const to = ['--registry', url, '--home', home.path, '--code', await invite('--again')];
    return run(process.execPath, [AGENT, 'init', ...to, ...flags], { env });
  };
  await expect(init()).rejects.toMatchObject({ stderr: expect.stringContaining('ALREADY_ENROLLED') });
  await init('--again');
  expect(await work()).toEqual({ version: 0 });
  expect((await registered()).map(({ key }) => key.x)).toEqual([(await present()).signing, old.signing]);
  expect(await readFile(join(home.folders.keys, 'split.key'))).toEqual(split);
  expect(await files()).toEqual(FILES);
}, 120_000);
