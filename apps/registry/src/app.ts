import { randomUUID } from 'node:crypto';
import { ProblemError } from '@synspine/protocol';
import Fastify, { type FastifyInstance } from 'fastify';
import { accessHandlers } from './access/routes.ts';
import { auditHandlers } from './audit/routes.ts';
import { authenticate } from './auth/authenticate.ts';
import { benchmarkHandlers, taskHandlers } from './benchmarks/routes.ts';
import { recordDownloads } from './datasets/record-downloads.ts';
import { datasetHandlers } from './datasets/routes.ts';
import type { Deps } from './deps.ts';
import { asksForPage, secureHeaders, serveDashboard } from './http/dashboard.ts';
import { defineRoutes, PUBLIC_BYTES_MAX } from './http/define-routes.ts';
import { trackRequests } from './http/drain.ts';
import { limitFailures } from './http/limit-failures.ts';
import { collectOpenApi, serveDocs } from './http/openapi.ts';
import { sendProblem, toProblem } from './http/problem-reply.ts';
import { refuseUnreadable, refuseUnroutable } from './http/refuse-malformed.ts';
import { refuseUnknown } from './http/refuse-unknown.ts';
import { logRequests } from './http/request-log.ts';
import type { Handlers } from './http/route-types.ts';
import { watchDownloads } from './http/watch-downloads.ts';
import { releaseHandlers } from './releases/routes.ts';
import { verificationHandlers } from './releases/verification-routes.ts';
import { siteHandlers } from './sites/routes.ts';
import { VERSION } from './version.ts';

/** A handler for every route of the protocol, by feature. */
export function createHandlers(deps: Deps): Handlers {
  const record = recordDownloads(deps);
  return {
    health: async () => ({ status: 'ok', version: VERSION }),
    ...siteHandlers(deps),
    ...releaseHandlers(deps),
    ...verificationHandlers({ ...deps, record }),
    ...datasetHandlers({ ...deps, record }),
    ...benchmarkHandlers(deps),
    ...taskHandlers(deps),
    ...accessHandlers(deps),
    ...auditHandlers(deps),
  };
}

// A part of 8 MiB takes 270 s at 250 kbit/s; slower than that it is cut off and sent again.
const REQUEST_TIMEOUT_MS = 300_000;

/** The registry as a fastify app that isn't listening yet. It opens nothing: what it works on is in `deps`. */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    trustProxy: deps.config.trustedProxies ?? false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: PUBLIC_BYTES_MAX,
    genReqId: () => randomUUID(), // none of a client's, which could hold anything
    frameworkErrors: refuseUnroutable(deps.log),
    clientErrorHandler: refuseUnreadable(deps.log),
  });
  trackRequests(app);
  logRequests(app, deps.log);
  secureHeaders(app);
  app.setErrorHandler((error, request, reply) => {
    request.failure = error;
    return sendProblem(request, reply, toProblem(error));
  });
  const { dashboardDir } = deps.config;
  refuseUnknown(app, dashboardDir);
  app.setNotFoundHandler((request, reply) => {
    if (dashboardDir && asksForPage(request.method, request.url, request.headers.accept))
      return reply.sendFile('index.html');
    return sendProblem(request, reply, new ProblemError('NOT_FOUND'));
  });
  await collectOpenApi(app, VERSION);
  const attempt = limitFailures(() => deps.clock().getTime());
  await app.register(async (api) =>
    defineRoutes(api, watchDownloads(deps, createHandlers(deps)), {
      attempt,
      authenticate: (request, roles) => authenticate({ ...deps, attempt }, request, roles),
    }),
  );
  await serveDocs(app);
  if (dashboardDir) await serveDashboard(app, dashboardDir);
  await app.ready();
  return app;
}
