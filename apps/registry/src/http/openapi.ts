import fastifySwagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import { problem, type Route, type RouteName } from '@synspine/protocol';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';

const binary = z.string().meta({ format: 'binary' });

/** Collects OpenAPI 3.1 from the routes that are defined after it. */
export async function collectOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Synspine registry',
        version,
        description:
          'Synthetic spine radiographs from hospitals, for researchers. Errors are problem+json (RFC 9457).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          person: { type: 'http', scheme: 'bearer', description: 'A researcher’s or admin’s token' },
          site: { type: 'http', scheme: 'DPoP', description: 'An access token of POST /v1/token (RFC 9449)' },
        },
      },
    },
    transform: jsonSchemaTransform,
  });
}

/** The page at /docs, from this server alone: no font, script or proxy of another host. */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      pageTitle: 'Synspine registry',
      withDefaultFonts: false,
      showDeveloperTools: 'never',
      hideClientButton: true,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
}

/** A route of the table as fastify's schema. A raw body isn't validated, so it is described in prose. */
export function describeRoute(name: RouteName, route: Route): FastifySchema {
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route.roles),
    ...(route.roles === 'public' ? {} : { description: `For: ${route.roles.join(', ')}.` }),
    ...(route.params ? { params: route.params } : {}),
    ...(route.query ? { querystring: route.query } : {}),
    ...(route.headers ? { headers: route.headers } : {}),
    ...(typeof route.body === 'object' ? { body: route.body } : {}),
    ...(route.body === 'bytes' ? { consumes: ['application/octet-stream'], body: z.any() } : {}),
    response: responsesOf(route),
  } as FastifySchema;
}

function securityOf(roles: Route['roles']): Record<string, string[]>[] {
  if (roles === 'public') return [];
  const isSite = roles.some((role) => role === 'site' || role === 'benchmark');
  const isPerson = roles.some((role) => role === 'researcher' || role === 'admin');
  return [...(isPerson ? [{ person: [] }] : []), ...(isSite ? [{ site: [] }] : [])];
}

function responsesOf(route: Route) {
  const refusals = {
    '4xx': { description: 'Refused', content: { 'application/problem+json': { schema: problem } } },
  };
  if (route.response === null) return { 204: z.null().describe('Done'), ...refusals };
  if (route.response === 'bytes')
    return {
      200: { description: 'The file', content: { 'application/octet-stream': { schema: binary } } },
      206: { description: 'A range of it', content: { 'application/octet-stream': { schema: binary } } },
      ...refusals,
    };
  return { 200: route.response.describe('Success'), ...refusals };
}
