import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROBLEMS, type ProblemCode } from '@synspine/protocol';
import { testDatabase } from '@synspine/test-services';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { changeState, readState, waitOfRun } from '../runs/run-state.ts';
import { sealValue } from '../sealed-file.ts';
import { readResult, stageFolder } from '../stages/stage-result.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { startAgent } from './agent.ts';
import { findNextStage } from './next-stage.ts';
import { makeSignedRun } from './signed-run.fixture.ts';
import { workOnStage } from './work-on-stage.ts';

const temporaryFolder = useTemporaryFolders();
const upload = pipeline.at(-1)!;
const NOBODY = 'http://127.0.0.1:9'; // the discard port: nothing answers

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** What answers at the registry's address, whatever is asked. */
async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => answer(response));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
async function enrolledAt(registryUrl: string): Promise<{ home: Home; run: RunFolder }> {
  const home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  await makeKey(home, 'auth');
  await makeKey(home, 'signing');
  await writeJson(home.files.site, { siteId: 'fir', registryUrl, audience: registryUrl, enrolledAt: '' });
  return { home, run: await makeSignedRun(home) };
}
async function attempt({ home, run }: { home: Home; run: RunFolder }): Promise<void> {
  const deps = { home, config: readConfig({}), log: createLog('silent'), isolation: [] };
  await workOnStage(deps, run, upload, new AbortController().signal);
}

const page = (status: number) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'text/html' }).end('<html>proxy</html>');
const problem = (code: ProblemCode) => (response: ServerResponse) => {
  const status = PROBLEMS[code][0];
  const body = JSON.stringify({ type: `urn:synspine:problem:${code}`, title: 't', status, code });
  return void response.writeHead(status, { 'content-type': 'application/problem+json' }).end(body);
};
const cut = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
  response.write('{', () => response.destroy());
};

describe('a run whose registry is away', () => {
  it('waits, counts no attempt and says since when, however often it is tried', async () => {
    const site = await enrolledAt(NOBODY);
    await attempt(site);
    const first = await readState(site.run);
    expect(waitOfRun(first)).toEqual({ code: 'REGISTRY_UNREACHABLE', since: first.waitingSince });
    for (let more = 0; more < upload.attemptsMax; more++) await attempt(site);
    const last = await readState(site.run);
    expect(last).toMatchObject({ status: 'running', failures: 0, waitingSince: first.waitingSince });
    expect(Date.parse(last.notBefore!) - Date.now()).toBeLessThan(31_000);
  }, 120_000);

  it('that an agent of 0.2 gave up goes on when the agent is started', async () => {
    const { home, run } = await enrolledAt(NOBODY);
    await changeState(run, { status: 'failed', code: 'REGISTRY_UNREACHABLE', failures: 3 });
    const config = readConfig({ QUEUE_URL: await testDatabase() });
    const agent = await startAgent({ home, config, log: createLog('silent'), isolation: [] });
    try {
      expect(await readState(run)).toMatchObject({ status: 'running', failures: 0 });
    } finally {
      await agent.stop();
    }
  });
});

it.concurrent.each([
  ['a proxy’s page for 502', page(502)],
  ['a proxy’s page for 407', page(407)],
  ['a proxy’s page for 413', page(413)],
  ['a portal’s page for 200', page(200)],
  ['an answer that is cut off', cut],
  ['a registry without its store', problem('STORE_UNAVAILABLE')],
  ['a registry that asks for time', problem('RATE_LIMITED')],
  ['a registry that knows no such token any more', problem('TOKEN_INVALID')],
  ['a clock that is wrong', problem('CLOCK_SKEW')],
  ['a proxy that changes the URL', problem('PROOF_INVALID')],
])(
  '%s pauses the upload and counts no attempt',
  async (_, answer) => {
    const site = await enrolledAt(await serve(answer));
    await attempt(site);
    const state = await readState(site.run);
    expect(state).toMatchObject({ status: 'running', failures: 0 });
    expect(waitOfRun(state)).toBeDefined();
  },
  120_000,
);

it('a release that was signed while the clock was ahead is signed anew once the clock is right, and waits until then', async () => {
  const site = await enrolledAt(await serve(problem('DATE_IN_FUTURE')));
  await attempt(site);
  expect((await findNextStage(site.run))?.name).toBe('upload'); // the clock may still be ahead
  const { sha256: _, ...signed } = (await readResult(site.run, 'sign'))!;
  const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
  const path = join(stageFolder(site.run, 'sign'), 'result.json');
  await writeJson(path, sealValue({ ...signed, finishedAt: nextYear }));
  await attempt(site);
  expect((await findNextStage(site.run))?.name).toBe('sign');
  expect(waitOfRun(await readState(site.run))?.code).toBe('DATE_IN_FUTURE');
}, 60_000);

it('what the registry refuses for good still ends the run', async () => {
  const site = await enrolledAt(await serve(problem('AUDIT_NOT_APPROVED')));
  await attempt(site);
  expect(await readState(site.run)).toMatchObject({ status: 'failed', code: 'AUDIT_NOT_APPROVED' });
});
