import { readFileSync } from 'node:fs';
import { CONTENT_PROBLEMS, PROBLEMS, routes, WITHDRAWAL_REASONS } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { createHandlers } from '../app.ts';
import type { Deps } from '../deps.ts';
import { writeOpenApi } from '../openapi-document.ts';

const docs = new URL('../../../../docs/', import.meta.url);

it('has a handler for every route of the protocol and for nothing else', () => {
  expect(Object.keys(createHandlers({} as Deps)).sort()).toEqual(Object.keys(routes).sort());
});

it('documents every error code, with its status and next step, and no other', () => {
  const text = readFileSync(new URL('errors.md', docs), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| (.+) \|$/gm)];
  expect(rows.map(([, code, status, next]) => [code, Number(status), next])).toEqual(
    Object.entries(PROBLEMS).map(([code, [status, next]]) => [code, status, next]),
  );
});

it('documents every code of a release in quarantine, with its next step, and no other', () => {
  const text = readFileSync(new URL('errors.md', docs), 'utf8');
  const rows = [...text.matchAll(/^\| `(CONTENT_[A-Z_]+)` \| (.+) \|$/gm)].map(([, code, next]) => [
    code,
    next,
  ]);
  expect(rows).toEqual(Object.entries(CONTENT_PROBLEMS));
});

it('documents every reason of a withdrawal, in words, and no other', () => {
  const text = readFileSync(new URL('errors.md', docs), 'utf8').split('# Why a release was withdrawn')[1];
  const rows = [...text!.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map(([, code, words]) => [code, words]);
  expect(rows).toEqual(Object.entries(WITHDRAWAL_REASONS));
});

it('publishes the OpenAPI document that this code has', async () => {
  expect(readFileSync(new URL('openapi.json', docs), 'utf8')).toBe(await writeOpenApi());
});

it('describes every route of the protocol in OpenAPI, under its name', async () => {
  const { paths } = JSON.parse(await writeOpenApi()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  expect(ids.sort()).toEqual(Object.keys(routes).sort());
});
