import Fastify from 'fastify';
import { createHandlers } from './app.ts';
import type { Deps } from './deps.ts';
import { defineRoutes } from './http/define-routes.ts';
import { collectOpenApi } from './http/openapi.ts';
import { VERSION } from './version.ts';

/** The OpenAPI document as JSON text. Nothing is opened: no handler runs. */
export async function writeOpenApi(): Promise<string> {
  const app = Fastify();
  await collectOpenApi(app, VERSION);
  const access = {
    authenticate: async () => undefined,
    attempt: <T>(_: object, work: () => Promise<T>) => work(),
  };
  await app.register(async (api) => defineRoutes(api, createHandlers({} as Deps), access));
  await app.ready();
  const document = app.swagger();
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}
