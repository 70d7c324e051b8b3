import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { createLog } from '../log.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { changeState, readState } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { createTeller } from './tell-registry.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
let run: RunFolder;
let server: Server;
let told: string[];
let lastRun: unknown;
let waiting: unknown;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  run = await createRun(home, DEFAULT_RUN_OPTIONS);
  told = [];
  server = createServer(async (request, response) => {
    if (request.url?.includes('token')) {
      await read(request);
      const token = { access_token: 'x', token_type: 'DPoP', expires_in: 300 };
      return response.setHeader('content-type', 'application/json').end(JSON.stringify(token));
    }
    const { stage, lastRun: last, waiting: waits } = JSON.parse(await read(request));
    lastRun = last;
    waiting = waits;
    if (stage !== 'idle') await sleep(200); // a stage's news take longer than the end's
    told.push(stage);
    return response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const registryUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeJson(home.files.site, { siteId: 'site-a', registryUrl, audience: registryUrl });
});
afterEach(() => server.close().closeAllConnections());

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

describe('a teller', () => {
  it('tells the end last, however short the last stages were', async () => {
    await makeKey(home, 'auth');
    const teller = createTeller(home, createLog('silent'));
    for (const stage of ['sign', 'upload'] as const) teller.working(run, stage)();
    await sleep(50); // under way
    await teller.idle();
    await sleep(500);
    expect(told.at(-1)).toBe('idle');
  });

  it('tells what the run waits for, and since when', async () => {
    await makeKey(home, 'auth');
    const since = new Date().toISOString();
    await changeState(run, { code: 'TOKEN_INVALID', waitingSince: since });
    const teller = createTeller(home, createLog('silent'));
    teller.working(run, 'upload')();
    while (told.length === 0) await sleep(50);
    expect(waiting).toEqual({ code: 'SIGN_IN_REFUSED', since });
  });

  it('leaves the run alone when its progress can not be read', async () => {
    await makeKey(home, 'auth');
    await mkdir(run.files.progress);
    const teller = createTeller(home, createLog('silent'));
    teller.working(run, 'train')();
    await sleep(300); // an error that nobody catches fails the tests
    await teller.idle();
    expect(told).toEqual(['idle']);
  });

  it('tells once its key can be read, though it could not at first', async () => {
    const teller = createTeller(home, createLog('silent'));
    await teller.idle(); // no key yet
    await makeKey(home, 'auth');
    await teller.idle();
    expect(told).toEqual(['idle']);
  });

  it.each([
    [
      { status: 'rejected', code: 'AUDIT_REJECTED' },
      { decision: 'reject', code: 'AUDIT_REJECTED' },
    ],
    [
      { status: 'rejected', code: 'AUDIT_UNDECIDED' },
      { decision: 'undecided', code: 'AUDIT_UNDECIDED' },
    ],
    [
      { status: 'rejected', code: 'GENERATOR_REJECTED' },
      { decision: 'reject', code: 'GENERATOR_REJECTED' },
    ],
    [
      { status: 'stopped', code: 'NO_FILMS' },
      { decision: 'nothing', code: 'NO_FILMS' },
    ],
    [
      { status: 'rejected', code: 'NO_FILMS' },
      { decision: 'nothing', code: 'NO_FILMS' },
    ], // as 0.1 wrote it
    [
      { status: 'failed', code: 'REGISTRY_UNREACHABLE' },
      { decision: 'stopped', code: 'REGISTRY_UNREACHABLE' },
    ],
    [
      { status: 'failed', code: 'POLICY_INVALID' },
      { decision: 'failed', code: 'POLICY_INVALID' },
    ],
    [
      { status: 'failed', code: 'ZZCANARY' },
      { decision: 'failed', code: 'OTHER' },
    ],
  ] as const)('tells %j as %j', async (state, expected) => {
    await makeKey(home, 'auth');
    await changeState(run, state);
    await createTeller(home, createLog('silent')).idle();
    const { runId } = run;
    expect(lastRun).toEqual({ runId, finishedAt: (await readState(run)).updatedAt, ...expected });
  });
});
