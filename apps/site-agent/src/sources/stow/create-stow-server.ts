import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { isUid } from '@synspine/dicom';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '../../log.ts';
import { errorCode } from '../../site-error.ts';
import type { Listener } from '../dimse/create-store-scp.ts';
import { findBoundary, MultipartError } from '../multipart/split-multipart.ts';
import { createAddressCheck } from '../peer-addresses.ts';
import type { Spool } from '../spool/spool.ts';
import type { TlsFiles } from '../tls-files.ts';
import { storeParts } from './store-parts.ts';
import { describeStored } from './store-response.ts';

export type StowOptions = {
  bind: string;
  port: number;
  tls?: TlsFiles;
  addresses: readonly string[];
  /** What `Authorization: Bearer` must say; undefined: the address is enough. */
  token?: string;
  requestsMax: number;
  idleMs: number;
  filmMs: number;
  roomWaitMs: number;
};

type StowDeps = { spool: Spool; log: Log };

const HEADERS_MS = 20_000;
const RETRY_AFTER_S = 60;

/** STOW-RS: `POST /dicom-web/studies`, `POST /dicom-web/studies/{study}` (PS3.18 section 10.5), and `GET /health`. */
export async function createStowServer(options: StowOptions, deps: StowDeps): Promise<Listener> {
  const stop = new AbortController();
  const server = fastify({
    https: options.tls ? { ...options.tls, minVersion: 'TLSv1.2' } : null,
    http: { headersTimeout: HEADERS_MS },
    connectionTimeout: options.idleMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  } as object) as FastifyInstance;
  server.server.maxConnections = options.requestsMax * 2;
  server.addHook('onRequest', createGuard(options));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_, payload, done) => done(null, payload)); // streamed by the handler
  server.setErrorHandler((error, _, reply) => answerError(error, reply, deps.log));
  server.setNotFoundHandler((_, reply) => reply.code(404).send());
  server.get('/health', async () => ({ status: 'ok' }));
  const store = createStoreHandler(options, { ...deps, signal: stop.signal });
  server.post('/dicom-web/studies', store);
  server.post('/dicom-web/studies/:study', store);
  await server.listen({ host: options.bind, port: options.port });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: async () => {
      stop.abort();
      await server.close();
    },
  };
}

function createGuard({ addresses, token }: StowOptions) {
  const isAllowed = createAddressCheck(addresses);
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (!isAllowed(request.socket.remoteAddress)) return reply.code(403).send();
    if (!token || request.url === '/health' || isSame(request.headers.authorization, `Bearer ${token}`))
      return;
    return reply.code(401).header('www-authenticate', 'Bearer').send();
  };
}

/** In a time that tells nothing about where the two differ. */
function isSame(given: string | undefined, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given ?? ''), hash(expected));
}

function createStoreHandler(
  options: StowOptions,
  { spool, log, signal }: StowDeps & { signal: AbortSignal },
) {
  let requests = 0;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { study } = request.params as { study?: string };
    if (study !== undefined && !isUid(study)) return reply.code(400).send();
    const boundary = findBoundary(request.headers['content-type']);
    if (!boundary || isOtherType(request)) return reply.code(415).send();
    if (requests >= options.requestsMax) return reply.code(503).header('retry-after', RETRY_AFTER_S).send();
    requests++;
    const startedAt = Date.now();
    try {
      const outcomes = await storeParts(request.body as AsyncIterable<Uint8Array>, boundary, {
        spool,
        ...options,
        signal,
        study,
      });
      const { status, body } = describeStored(outcomes);
      const count = outcomes.filter(({ code }) => code === null).length;
      log.info('films posted', {
        count,
        refused: outcomes.length - count,
        durationMs: Date.now() - startedAt,
      });
      if (status === 503) reply.header('retry-after', RETRY_AFTER_S);
      // As bytes: a character set, which a text would get, is no parameter of this type, and clients compare the whole header.
      return reply
        .code(status)
        .type('application/dicom+json')
        .send(Buffer.from(JSON.stringify(body)));
    } finally {
      requests--;
    }
  };
}

/** Metadata and bulk data apart from each other, or a compressed body. */
function isOtherType({ headers }: FastifyRequest): boolean {
  const [, type] = /;\s*type="?([^\s;"]+)/i.exec(headers['content-type'] ?? '') ?? [];
  return (
    (type ?? 'application/dicom').toLowerCase() !== 'application/dicom' ||
    headers['content-encoding'] !== undefined
  );
}

/** What was wrong is told by the status alone: an error's text could repeat what was sent. */
function answerError(error: unknown, reply: FastifyReply, log: Log) {
  const isTheirs = error instanceof MultipartError;
  if (!isTheirs) log.error('films not taken', { code: errorCode(error) });
  return reply
    .code(isTheirs ? 400 : 500)
    .header('connection', 'close')
    .send();
}
