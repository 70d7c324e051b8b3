import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

const LOOK_AGAIN_MS = 100;

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Stops listening, answers what waits (long polls) and lets downloads and uploads run on. Resolves when no request is left,
     * after `limitMs`, or once `hurry` has resolved. What then still runs is cut by `close`.
     */
    drain(limit: { limitMs: number; hurry?: Promise<unknown> }): Promise<void>;
  }
  interface FastifyRequest {
    /** Aborted when the client goes away or the server is to end. */
    gone: AbortSignal;
  }
}

/** Knows which requests run, for {@link FastifyInstance.drain}. */
export function trackRequests(app: FastifyInstance): void {
  const running = new Set<AbortController>();
  let isDraining = false;
  app.decorateRequest('gone');
  app.addHook('onRequest', async (request, reply) => {
    const controller = new AbortController();
    request.gone = controller.signal;
    running.add(controller);
    reply.raw.once('close', () => {
      running.delete(controller);
      controller.abort();
    });
    if (!isDraining) return;
    controller.abort();
    reply.header('connection', 'close');
  });
  app.decorate('drain', async ({ limitMs, hurry }) => {
    const deadline = performance.now() + limitMs;
    let isHurried = false;
    hurry?.then(() => {
      isHurried = true;
    });
    isDraining = true;
    app.server.close();
    for (const controller of running) controller.abort();
    while (running.size > 0 && !isHurried && performance.now() < deadline) {
      app.server.closeIdleConnections();
      await sleep(LOOK_AGAIN_MS);
    }
  });
}
