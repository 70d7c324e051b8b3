import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createClient } from './client.ts';
import { PROBLEMS } from './problems.ts';
import { type Route, routes } from './routes.ts';

const table = Object.entries(routes) as [string, Route][];

describe('the route table', () => {
  it('names each method and path once', () => {
    const keys = table.map(([, r]) => `${r.method} ${r.path}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each(table)('%s has a schema for exactly the parameters in its path', (_, r) => {
    const inPath = [...r.path.matchAll(/:(\w+)/g)].map((m) => m[1]).sort();
    expect(Object.keys(r.params?.shape ?? {}).sort()).toEqual(inPath);
  });

  it.each(table.filter(([, r]) => typeof r.body === 'object'))(
    '%s refuses unknown fields in its body',
    (_, r) => {
      const outcome = (r.body as z.ZodObject).safeParse({ surprise: 1 });
      expect(outcome.error?.issues.some((i) => i.code === 'unrecognized_keys')).toBe(true);
    },
  );

  it('gives each problem a status of the 4xx or 5xx family and a next step', () => {
    for (const [status, next] of Object.values(PROBLEMS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(next).toMatch(/\.$/);
    }
  });
});

describe('the typed client', () => {
  const answer = (status: number, body: unknown) => async () =>
    new Response(JSON.stringify(body), { status });

  it('fills the path, sends the query and parses the answer', async () => {
    let seen = '';
    const client = createClient({
      baseUrl: 'http://127.0.0.1:1',
      fetch: async (url) => {
        seen = String(url);
        return new Response(JSON.stringify({ keys: [] }));
      },
    });
    expect(await client.call('siteKeys', { params: { siteId: 'alder' } })).toEqual({ keys: [] });
    expect(seen).toBe('http://127.0.0.1:1/v1/sites/alder/keys');
  });

  it('throws the problem that the registry names', async () => {
    const client = createClient({
      baseUrl: 'http://127.0.0.1:1',
      fetch: answer(404, { type: 't', title: 'x', status: 404, code: 'NOT_FOUND' }),
    });
    await expect(client.call('listSites', {})).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
  });

  it('refuses an answer that does not match the schema', async () => {
    const client = createClient({
      baseUrl: 'http://127.0.0.1:1',
      fetch: answer(200, { sites: [{ id: 'BAD ID' }] }),
    });
    await expect(client.call('listSites', {})).rejects.toThrow();
  });
});
