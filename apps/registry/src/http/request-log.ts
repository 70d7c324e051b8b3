import type { ProblemError } from '@synspine/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

declare module 'fastify' {
  interface FastifyRequest {
    problem: ProblemError | undefined;
    failure: unknown;
  }
}

/**
 * One line a request, by the id that its answer has in `x-request-id`, of allow-listed fields only: no address, header, parameter, body or error message. A path is
 * named by its route, so ids and tokens in it stay out.
 */
export function logRequests(app: FastifyInstance, log: Logger): void {
  app.decorateRequest('problem', undefined);
  app.decorateRequest('failure', undefined);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => logAnswer(log, request, reply));
}

export function logAnswer(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const line = {
    route: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime),
    requestId: request.id,
    ...(request.problem ? { code: request.problem.code } : {}),
  };
  if (reply.statusCode < 500) log.info(line, 'answered');
  else log.error({ ...line, ...describeFailure(request) }, 'failed');
}

/** Where it broke, without the message, which may quote what was being worked on. */
function describeFailure({ failure }: FastifyRequest) {
  if (!(failure instanceof Error)) return {};
  const frames = failure.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    error: failure.name,
    errorCode: (failure as { code?: unknown }).code,
    at: frames.slice(0, 6).map((line) => line.trim()),
  };
}
