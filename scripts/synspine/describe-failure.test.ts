import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient, exitCode, ProblemError } from '../../packages/protocol/src/index.ts';
import { startRedirects } from '../../packages/protocol/src/redirects.fixture.ts';
import { describeFailure, ToolError } from './describe-failure.ts';

const BIN = fileURLToPath(new URL('../synspine.mjs', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synspine-tool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function synspine(...args: string[]): Promise<{ exit: number | null; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const exit = await new Promise<number | null>((done) => child.once('close', done));
  return { exit, stderr };
}

/** A registry that has just gone away: its port is free. */
async function goneRegistry(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
}

it('pull says that the registry is away and what to do, and ends with the code to try again', async () => {
  const token = join(folder, 'token.txt');
  await writeFile(token, 'secret\n');
  const to = ['--registry', await goneRegistry(), '--token-file', token, '--out', join(folder, 'out')];
  const { exit, stderr } = await synspine('pull', 'ID', ...to);
  expect(stderr).toMatch(/^REGISTRY_UNREACHABLE: .*--registry.*run the command again/);
  expect(exit).toBe(exitCode('waiting'));
}, 60_000);

it('verify says that a folder has no manifest and where one comes from', async () => {
  const { exit, stderr } = await synspine('verify', folder, '--registry', await goneRegistry());
  expect(stderr).toMatch(/^MANIFEST_MISSING: .*synspine pull/);
  expect(stderr).not.toContain(folder);
  expect(exit).toBe(exitCode('configuration'));
}, 60_000);

it('a registry that ends in the middle of an answer is away too', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const client = createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const response = await client.call('getFile', { params: { releaseId: 'ID', name: 'images.parquet' } });
  const cut: unknown = await response.arrayBuffer().catch((error) => error);
  expect(describeFailure(cut).text).toMatch(/^REGISTRY_UNREACHABLE: /);
  await new Promise((done) => server.close(done));
});

it('each error has its code once, and the exit of its table', () => {
  const missing = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
  expect(describeFailure(missing)).toEqual({ text: 'ENOENT: no such file', exit: 'configuration' });
  expect(describeFailure(new ToolError('TOKEN_UNREADABLE'))).toMatchObject({ exit: 'configuration' });
  expect(describeFailure(new ProblemError('NOT_FOUND'))).toMatchObject({ exit: 'usage' });
  expect(describeFailure(new TypeError('a fault of ours'))).toMatchObject({ exit: 'failed' });
});

it.each(['pull', 'verify'])(
  '%s follows no redirect, shows its token to nobody, and says what to do',
  async (command) => {
    const redirects = await startRedirects(302);
    const token = join(folder, 'token.txt');
    await writeFile(token, 'ZZCANARY\n');
    await writeFile(
      join(folder, 'manifest.jws'),
      `a.${Buffer.from('{"siteId":"alder"}').toString('base64url')}.b`,
    );
    const more = ['--token-file', token, '--out', join(folder, 'out')];
    const args = command === 'pull' ? ['6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11', ...more] : [folder];
    const { exit, stderr } = await synspine(command, ...args, '--registry', redirects.url);
    expect([exit, stderr]).toEqual([78, expect.stringMatching(/^REGISTRY_REDIRECTED: [^\n]+\n$/)]);
    expect(redirects.stolen).toEqual([]);
    const insecure = await synspine(command, ...args, '--registry', 'http://registry.example.org');
    expect([insecure.exit, insecure.stderr]).toEqual([78, expect.stringMatching(/^REGISTRY_INSECURE: /)]);
    await redirects.close();
  },
);
