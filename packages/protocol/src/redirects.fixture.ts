import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** For tests: an address that sends every request to another origin, and what that origin was sent. */
export type Redirects = { url: string; target: string; stolen: string[]; close: () => Promise<void> };

/** Redirects with `status`, by path, to an origin that writes down whatever comes and answers 200. */
export async function startRedirects(status: number): Promise<Redirects> {
  const stolen: string[] = [];
  const thief = await listen(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      stolen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    }),
  );
  const server = await listen(
    createServer((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${thief.url}${request.url}` }).end();
    }),
  );
  const close = async () => {
    await Promise.all([thief.close(), server.close()]);
  };
  return { url: server.url, target: thief.url, stolen, close };
}

async function listen(server: Server) {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
