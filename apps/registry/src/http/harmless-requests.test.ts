import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';

/** What came back over a bare socket, since no client library sends what is sent here. */
type Answer = { status: number; headers: Record<string, string>; body: Record<string, unknown> };

const logged: string[] = [];
const registries: Record<string, TestRegistry> = {};
let dashboardDir: string;
let token: string;
beforeAll(async () => {
  const write = (chunk: unknown, _: unknown, done: () => void) => {
    logged.push(String(chunk));
    done();
  };
  dashboardDir = await mkdtemp(join(tmpdir(), 'synspine-test-dashboard-'));
  await writeFile(join(dashboardDir, 'index.html'), '<!doctype html><title>Dashboard</title>');
  const log = pino({ base: null }, new Writable({ write }));
  registries.alone = await startTestRegistry({ log });
  registries.withDashboard = await startTestRegistry({ log, policy: { dashboardDir } });
  const body = { name: 'A researcher', role: 'researcher', days: 1 } as const;
  token = (await registries.alone.admin.call('createGrant', { body })).token;
});
afterAll(async () => {
  for (const registry of Object.values(registries)) await registry.close();
  await rm(dashboardDir, { recursive: true });
});

function send(registry: TestRegistry, text: string): Promise<Answer> {
  const socket = connect(Number(new URL(registry.url).port), '127.0.0.1', () => socket.write(text));
  return new Promise((done, fail) => {
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', fail);
    socket.on('close', () => done(readAnswer(answer)));
  });
}

function readAnswer(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.split(':', 1)[0]!.toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const isProblem = headers['content-type']?.startsWith('application/problem+json') ?? false;
  return { status: Number(line.split(' ')[1]), headers, body: isProblem ? JSON.parse(body) : {} };
}

const ask = (line: string, fields: string[] = [], body = '') =>
  [`${line} HTTP/1.1`, 'Host: registry', 'Connection: close', ...fields, '', body].join('\r\n');
const json = (text: string) => ['Content-Type: application/json', `Content-Length: ${text.length}`];

const long = 'a'.repeat(15_000);
const strange: [what: string, request: string][] = [
  ['QUERY', ask('QUERY /v1/datasets')],
  ['QUERY with a body', ask('QUERY /v1/datasets', json('{}'), '{}')],
  ['QUERY of nothing', ask('QUERY /nothing')],
  ['PROPFIND', ask('PROPFIND /')],
  ['OPTIONS of all', ask('OPTIONS *')],
  ['a method of its own', ask('ZZCANARY /v1/datasets')],
  ['a path upwards', ask('GET /../../etc/passwd')],
  ['an encoded path upwards', ask('GET /..%2f..%2fetc%2fpasswd')],
  ['a path with backslashes', ask('GET /a%5c..%5c..%5cpasswd')],
  ['a NUL', ask('GET /v1/sites/alder%00/keys')],
  ['a NUL in a page', ask('GET /alder%00')],
  ['an empty name', ask('GET //health')],
  ['a hidden file', ask('GET /.git/config')],
  ['a broken escape', ask('GET /%zz')],
  ['a broken escape in an id', ask('GET /v1/datasets/%zz')],
  ['bytes that are no UTF-8', ask('GET /v1/sites/%ff%fe/keys')],
  ['a long id', ask(`GET /v1/datasets/${long}`)],
  ['a long public id', ask(`GET /v1/sites/${long}/keys`)],
  ['a long page', ask(`GET /${long}`)],
  ['a long URL', ask(`GET /v1/sites/${long}${long}/keys`)],
  ['a long header', ask('GET /health', [`X-Long: ${long}${long}`])],
  ['two lengths', ask('POST /v1/token', ['Content-Length: 3', ...json('{}')], '{}')],
  ['no HTTP', 'ZZCANARY\r\n\r\n'],
];

describe.each(['alone', 'withDashboard'])('a registry (%s)', (name) => {
  it.each(strange)('answers %s with a problem of the caller’s', async (_, text) => {
    const { status, headers, body } = await send(registries[name]!, text);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching('application/problem\\+json'),
      'x-content-type-options': 'nosniff',
    });
    expect(body).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/) });
    expect(JSON.stringify(body)).not.toMatch(/ZZCANARY|passwd|%zz|aaaa/);
  });
});

it('tells the methods that a path takes, and reads no body of others', async () => {
  const registry = registries.alone!;
  const cases = [
    ['DELETE /health', 'GET, HEAD'],
    ['PATCH /v1/sites', 'GET, HEAD, POST'],
    ['GET /v1/token', 'POST'],
    ['POST /v1/datasets/0/files/images-00000.parquet', 'GET, HEAD'],
    ['GET /v1/releases/0/files/grid.png/parts/1', 'PUT'],
  ] as const;
  for (const [line, allow] of cases) {
    const { status, headers, body } = await send(registry, ask(line));
    expect([line, status, headers.allow, body.code]).toEqual([line, 405, allow, 'METHOD_NOT_ALLOWED']);
  }
  const { status } = await send(
    registry,
    ask('POST /v1/nothing', ['Content-Length: 1000000000', ...json('')]),
  );
  expect(status).toBe(400); // two lengths: never read as one
  expect((await send(registry, ask('POST /v1/nothing', ['Content-Length: 1000000000']))).status).toBe(404);
});

it.each([
  ['text/xml', []],
  [';;', []],
  ['application/octet-stream', []],
  ['application/json', ['Content-Encoding: gzip']],
])('answers a body of type %s %s with 415', async (type, more) => {
  const fields = [`Content-Type: ${type}`, 'Content-Length: 2', ...more];
  const { status, body } = await send(registries.alone!, ask('POST /v1/token', fields, '{}'));
  expect([status, body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
});

describe('a request id', () => {
  it('is on every answer, in its problem and in the log', async () => {
    const registry = registries.withDashboard!;
    const requests = [
      ask('GET /'),
      ask('HEAD /health'),
      ask('GET /docs/openapi.json', ['Accept: text/html']),
      ask('GET /v1/sites'),
      ask('GET /v1/nothing'),
      ...strange.map(([, text]) => text),
    ];
    const ids = new Set<string>();
    for (const text of requests) {
      const { headers, body } = await send(registry, text);
      const id = headers['x-request-id'];
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect([undefined, id]).toContain(body.requestId);
      ids.add(id!);
    }
    expect(ids.size).toBe(requests.length);
    const known = new Set(logged.map((line) => (JSON.parse(line) as { requestId?: string }).requestId));
    expect([...ids].filter((id) => !known.has(id))).toEqual([]);
    expect(logged.join('')).not.toMatch(/ZZCANARY|passwd|%zz|aaaa/);
  });

  it('is never a client’s own', async () => {
    const { url } = registries.alone!;
    const headers = {
      authorization: `Bearer ${token}`,
      'x-request-id': 'ZZCANARY',
      'request-id': 'ZZCANARY',
    };
    const response = await fetch(`${url}/v1/datasets`, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).not.toContain('ZZCANARY');
  });
});

it('still reads a request that says what it expects', async () => {
  const { port } = new URL(registries.alone!.url);
  const status = await new Promise((done, fail) => {
    const headers = { expect: '100-continue', 'content-type': 'application/json', 'content-length': 2 };
    const sent = request({ port, path: '/v1/token', method: 'POST', headers }, (answer) =>
      done(answer.statusCode),
    );
    sent.on('continue', () => sent.end('{}'));
    sent.on('error', fail);
    sent.flushHeaders();
  });
  expect(status).toBe(400);
});
