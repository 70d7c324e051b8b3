import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { type Redirects, startRedirects } from './redirects.fixture.ts';

const key = (letter: string) => ({ kty: 'OKP', crv: 'Ed25519', x: letter.repeat(43) }) as const;
const releaseId = '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11';

let redirects: Redirects | undefined;
afterEach(() => redirects?.close());

describe.each([300, 301, 302, 303, 307, 308])('a registry that answers %i', (status) => {
  it('is sent no code, token or body to its new address, and the error says where that is', async () => {
    redirects = await startRedirects(status);
    const authorise = async () => ({ authorization: 'Bearer ZZCANARY' });
    const client = createClient({ baseUrl: redirects.url, authorise });
    const calls = [
      client.call('health', {}),
      client.call('enrol', {
        body: {
          code: 'ZZCANARY ZZCANARY ZZCANARY',
          authKey: key('A'),
          signingKey: key('B'),
          agentVersion: '0.2.0',
        },
      }),
      client.call('listDatasets', { query: {} }),
      client.call('getFile', { params: { releaseId, name: 'images-00000.parquet' } }),
      client.call('putPart', {
        params: { releaseId, name: 'images-00000.parquet', part: 1 },
        headers: { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` },
        body: Buffer.from('ZZCANARY'),
      }),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'REGISTRY_REDIRECTED',
          message: expect.stringContaining(`(to ${redirects.target})`),
        },
      });
    expect(redirects.stolen).toEqual([]);
  });
});

it.each([
  'http://registry.example.org',
  'http://10.0.0.7:8080',
  'http://127.0.0.1.example.org',
  'http://localhost.example.org',
  'http://[fe80::1]:8080',
  'http://0.0.0.0:8080',
  'http://user:127.0.0.1@example.org',
  'ftp://registry.example.org',
])('sends nothing to %s', (baseUrl) => {
  const insecure = expect.objectContaining({ code: 'REGISTRY_INSECURE', exit: 'configuration' });
  expect(() => createClient({ baseUrl })).toThrowError(insecure);
});

it.each([
  'https://registry.example.org',
  'http://127.0.0.1:8080',
  'http://localhost:8080',
  'http://[::1]:8080',
  'http://127.8.7.6',
])('takes %s for a registry', (baseUrl) => {
  expect(() => createClient({ baseUrl })).not.toThrow();
});
