import { PART_BYTES, ProblemError, type Route, type RouteName, routes } from '@synspine/protocol';
import { parseStrictJson } from '@synspine/release';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { isStorable } from '../database/open-database.ts';
import type { AttemptCredential } from './limit-failures.ts';
import { describeRoute } from './openapi.ts';
import type { Caller, FileAnswer, Handlers } from './route-types.ts';
import { sendFile } from './send-file.ts';

const JSON_BYTES_MAX = 6 * 1024 ** 2; // a manifest has at most 1 MiB, a matrix of 10,000 cells about 5 MiB
/** What is read of somebody who has shown no credential yet; an assertion or an enrolment has about 1 KiB. */
export const PUBLIC_BYTES_MAX = 64 * 1024;
const BYTES_MAX: Partial<Record<RouteName, number>> = {
  putPart: PART_BYTES,
  putClassifierWeights: 256 * 1024 ** 2, // as the classifier descriptor allows
};
type Access = {
  authenticate: (request: FastifyRequest, roles: Route['roles']) => Promise<Caller | undefined>;
  attempt: AttemptCredential;
};
type AnyHandler = (call: object) => Promise<unknown>;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/**
 * Registers every route of the protocol's table with its handler: strict JSON, validation, roles, answers stripped to
 * their schema, files with ranges. Callers are authenticated before the body is read.
 */
export function defineRoutes(app: FastifyInstance, handlers: Handlers, access: Access): void {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_: unknown, text: string | Buffer) => refuseUnstorable(parseStrictJson(text)),
  );
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    async (_: unknown, bytes: string | Buffer) => bytes,
  );
  for (const name of Object.keys(routes) as RouteName[])
    defineRoute(app, name, handlers[name] as unknown as AnyHandler, access);
}

function defineRoute(app: FastifyInstance, name: RouteName, handler: AnyHandler, access: Access) {
  const route: Route = routes[name];
  app.route({
    method: route.method,
    url: route.path,
    bodyLimit: bytesMax(name, route),
    schema: describeRoute(name, route),
    onRequest: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      request.caller = await access.authenticate(request, route.roles);
      refuseEncoded(request);
    },
    preValidation: async (request) => refuseOtherBody(route, request),
    handler: async (request, reply) => {
      const answer = await handler(readCall(request, access));
      return route.response === 'bytes'
        ? sendFile(request, reply, answer as FileAnswer)
        : sendAnswer(reply, answer);
    },
  });
}

function bytesMax(name: RouteName, route: Route): number | undefined {
  if (route.roles === 'public') return PUBLIC_BYTES_MAX;
  return route.body === 'bytes' ? BYTES_MAX[name] : JSON_BYTES_MAX;
}

/** PostgreSQL holds neither NUL nor half a surrogate pair: a body with either is refused before a query fails on it. */
function refuseUnstorable(value: unknown): unknown {
  if (typeof value === 'string' && !isStorable(value))
    throw new ProblemError('VALIDATION_FAILED', 'a text holds NUL or half a surrogate pair');
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(refuseUnstorable);
  return value;
}

/** A bytes route takes no JSON and the reverse: the schema of a bytes route would let parsed JSON through. */
function refuseOtherBody(route: Route, request: FastifyRequest): void {
  const isBytes = Buffer.isBuffer(request.body);
  if ((route.body === 'bytes') === isBytes) return;
  if (route.body !== 'bytes' && !isBytes) return;
  throw Object.assign(new Error('wrong content-type'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' });
}

/** A body is taken as it is: what is small when packed may be endless when unpacked. */
function refuseEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || /^identity$/i.test(encoding)) return;
  throw new ProblemError('UNSUPPORTED_MEDIA_TYPE', 'send the body without a Content-Encoding');
}

function readCall(request: FastifyRequest, { attempt }: Access): object {
  const { dpop } = request.raw.headers;
  return {
    params: request.params,
    query: request.query,
    headers: request.headers,
    body: request.body,
    caller: request.caller,
    dpop: typeof dpop === 'string' ? dpop : undefined,
    attempt: (credential: string, work: () => Promise<unknown>) =>
      attempt({ address: request.ip, credential }, work),
    signal: request.gone,
  };
}

function sendAnswer(reply: FastifyReply, answer: unknown) {
  return answer === undefined ? reply.code(204).send() : reply.send(answer);
}
