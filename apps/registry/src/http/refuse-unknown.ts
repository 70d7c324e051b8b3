import { ProblemError, type Route, routes } from '@synspine/protocol';
import type { FastifyInstance } from 'fastify';
import { asksForPage } from './dashboard.ts';

/**
 * Refuses what no route takes before its body is read: 405 with `Allow` (RFC 9110 §15.5.6) where the path is known, and
 * else 404. With a dashboard, any other address may be one of its pages.
 */
export function refuseUnknown(app: FastifyInstance, dashboardDir: string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0]!;
    const allowed = methodsOf(path, dashboardDir !== undefined);
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      reply.header('allow', allowed.join(', '));
      throw new ProblemError('METHOD_NOT_ALLOWED', `it takes ${allowed.join(', ')}`);
    }
    if (dashboardDir && asksForPage(request.method, request.url, request.headers.accept)) return;
    throw new ProblemError('NOT_FOUND', path === '/' ? NO_DASHBOARD : undefined);
  });
}

const NO_DASHBOARD =
  'this registry serves no dashboard: `npm run setup` builds it, then start the registry again';

/** The methods that a path takes, in order; empty for an unknown path. */
function methodsOf(path: string, hasDashboard: boolean): string[] {
  const isPage = /^\/docs(\/|$)/.test(path) || (hasDashboard && !/^\/(v1|health)(\/|$)/.test(path));
  const methods = new Set<string>(isPage ? ['GET', 'HEAD'] : []);
  for (const { pattern, method } of patterns)
    if (pattern.test(path)) for (const one of method === 'GET' ? ['GET', 'HEAD'] : [method]) methods.add(one);
  return [...methods].sort();
}

const patterns = Object.values<Route>(routes).map(({ path, method }) => ({
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`),
  method,
}));
