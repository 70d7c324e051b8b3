import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '@synspine/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publish, startTestRegistry, type TestRegistry, type TestSite } from './test-kit/test-registry.ts';

const program = fileURLToPath(new URL('../bin/synspine-registry.mjs', import.meta.url));
let registry: TestRegistry;
let site: TestSite;
beforeAll(async () => {
  registry = await startTestRegistry();
  site = await registry.enrol('alder');
});
afterAll(() => registry.close());

async function run(...args: string[]): Promise<string> {
  const env = { ...process.env, DATABASE_URL: registry.databaseUrl };
  return (await promisify(execFile)(process.execPath, [program, ...args], { env })).stdout.trim();
}
const code = (expected: string) => expect.objectContaining({ code: expected });
const version = () => site.client.call('latestVersion', {});

it('withdraws a release from the command line, for a reason of the list alone', async () => {
  const { dataset } = await publish(site);
  await expect(run('withdraw', dataset.id, '--reason', 'ANY_TEXT')).rejects.toMatchObject({ code: 64 });
  expect(await run('withdraw', dataset.id, '--reason', 'DATA_WRONG')).toBe(
    'Version 1 of alder is withdrawn (DATA_WRONG).',
  );
  const params = { releaseId: dataset.id };
  await expect(registry.admin.call('getManifest', { params })).rejects.toEqual(code('RELEASE_WITHDRAWN'));
});

it('suspends, resumes, revokes and invites a site again from the command line of a running registry', async () => {
  expect(await run('suspend', 'alder')).toContain('`resume alder`');
  await expect(version()).rejects.toEqual(code('SITE_SUSPENDED'));
  await run('resume', 'alder');
  await version();
  expect(await run('revoke', 'alder', '--compromised')).toContain('`invite alder --again`');
  await expect(version()).rejects.toEqual(code('TOKEN_INVALID'));
  expect(await run('invite', 'alder', '--again')).toMatch(/^synspine_enrol_/);
  await expect(run('suspend', 'nobody')).rejects.toMatchObject({ code: 64 });
  await expect(run('invite', 'birch')).rejects.toMatchObject({ code: 64 });
});

it('lists grants without their tokens and takes one back from the command line', async () => {
  const token = await run('grant', '--name', 'Dr Doe');
  const listed = await run('grants');
  const [, id] = /^(\S+) {2}researcher +until \d{4}-\d\d-\d\d +Dr Doe$/m.exec(listed)!;
  expect(listed).not.toContain(token);
  const authorise = async () => ({ authorization: `Bearer ${token}` });
  const researcher = createClient({ baseUrl: registry.url, authorise });
  await researcher.call('listDatasets', { query: {} });
  await run('revoke-grant', id!);
  await expect(researcher.call('listDatasets', { query: {} })).rejects.toEqual(code('TOKEN_INVALID'));
  expect(JSON.parse(await run('grants', '--json'))).toContainEqual(
    expect.objectContaining({ id, revokedAt: expect.any(String) }),
  );
});
