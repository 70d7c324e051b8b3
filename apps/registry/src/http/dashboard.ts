import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
// An API answer is never a page.
const API_CSP = "default-src 'none'; frame-ancestors 'none'";
/** All that every answer says, whatever its type. */
export const SECURE_HEADERS = { ...HEADERS, 'content-security-policy': API_CSP };
/** The dashboard: its own scripts and styles, images that it fetched with its token (blob:), and nothing else. */
const DASHBOARD_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function secureHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(SECURE_HEADERS);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    // The reference page at /docs has inline styles and one inline script, which is allowed by its hash.
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', docsCsp(payload));
    return payload;
  });
}

function docsCsp(payload: unknown): string {
  const page = typeof payload === 'string' && payload.includes('<script') ? payload : '';
  const inline = [...page.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
  const hashes = inline
    .filter((script) => script.trim() !== '')
    .map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`.trim(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Serves the built dashboard at `/`. A page's address without a file gets index.html, since state lives in URLs. */
export async function serveDashboard(app: FastifyInstance, dir: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: dir,
    index: ['index.html'],
    dotfiles: 'deny',
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', DASHBOARD_CSP);
      // Vite puts a hash of the content in the names of assets.
      const isHashed = relative(dir, path).startsWith('assets/');
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** Whether a browser asks for a page, and not a program for something of the API. */
export function asksForPage(method: string, url: string, accept: string | undefined): boolean {
  return (
    method === 'GET' && !/^\/(v1|docs|health|assets)(\/|$)/.test(url) && (accept ?? '').includes('text/html')
  );
}
