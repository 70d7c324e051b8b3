import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Log } from '../../log.ts';
import { errorCode } from '../../site-error.ts';
import { createAddressCheck } from '../peer-addresses.ts';
import type { Spool } from '../spool/spool.ts';
import type { TlsFiles } from '../tls-files.ts';
import { serveAssociation } from './serve-association.ts';
import type { StoreSettings } from './store-settings.ts';

export type StoreScpOptions = StoreSettings & { bind: string; port: number; tls?: TlsFiles };
export type Listener = { port: number; close(): Promise<void> };

const HANDSHAKE_MS = 10_000;

/**
 * Listens for C-ECHO and C-STORE. A connection from an address that no caller has is closed before a byte of it is read.
 * `close` lets no film be half stored: associations are cut, and what wasn't acknowledged is sent again.
 */
export async function createStoreScp(
  options: StoreScpOptions,
  deps: { spool: Spool; log: Log },
): Promise<Listener> {
  const { bind, port, tls, ...settings } = options;
  const isAllowed = createAddressCheck(settings.callers.flatMap(({ addresses }) => addresses));
  const stop = new AbortController();
  const open = new Map<Socket, Promise<void>>();
  const serve = (socket: Socket) => {
    socket.on('error', () => undefined); // told by the read or write that meets it
    socket.setNoDelay(true);
    const served = runAssociation(socket, {
      ...deps,
      settings,
      signal: stop.signal,
      associations: () => open.size,
    });
    open.set(socket, served);
    served.finally(() => open.delete(socket));
  };
  const onConnection = (socket: Socket) => {
    if (!isAllowed(socket.remoteAddress)) socket.destroy();
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS }, serve)
    : createServer((socket) => !socket.destroyed && serve(socket));
  server.prependListener('connection', onConnection);
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.maxConnections = settings.associationsMax * 2; // those over the association limit still get an answer
  server.listen(port, bind);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      stop.abort();
      for (const socket of open.keys()) socket.destroy();
      await Promise.all(open.values());
      await closed;
    },
  };
}

type RunDeps = Parameters<typeof serveAssociation>[1] & { log: Log };

async function runAssociation(socket: Socket, deps: RunDeps): Promise<void> {
  const startedAt = Date.now();
  try {
    const { code, stored, refused } = await serveAssociation(socket, deps);
    deps.log.info('association ended', { code, count: stored, refused, durationMs: Date.now() - startedAt });
  } catch (error) {
    if (!deps.signal.aborted) deps.log.error('association failed', { code: errorCode(error) });
  }
}
