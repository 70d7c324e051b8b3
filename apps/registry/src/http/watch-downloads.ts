import type { Readable } from 'node:stream';
import { ProblemError, type Route, type RouteName, routes } from '@synspine/protocol';
import { mayGoOn } from '../auth/may-go-on.ts';
import type { Deps } from '../deps.ts';
import type { Caller, FileAnswer, Handlers } from './route-types.ts';

/** Access is asked for again so often: taken back, it ends a download at the next look. */
export const DOWNLOAD_CHECK_MS = 15_000;
/** After that many looks without an answer, from a database that is away or frozen, a download ends at the next one. */
const UNANSWERED_CHECKS_MAX = 2;

type AnyHandler = (call: { caller: Caller }) => Promise<FileAnswer>;

/** The same handlers, but that each file they answer with is sent for as long as its caller may have it. */
export function watchDownloads(deps: Deps, handlers: Handlers): Handlers {
  const watched: Record<string, unknown> = { ...handlers };
  for (const [name, { response }] of Object.entries(routes) as [RouteName, Route][])
    if (response === 'bytes') watched[name] = watchFile(deps, handlers[name] as unknown as AnyHandler);
  return watched as Handlers;
}

function watchFile(deps: Deps, handler: AnyHandler): AnyHandler {
  return async (call) => {
    const file = await handler(call);
    const mayHave = async () =>
      (await mayGoOn(deps, call.caller)) && (file.isServed ? file.isServed() : true);
    const periodMs = deps.config.downloadCheckMs ?? DOWNLOAD_CHECK_MS;
    return {
      ...file,
      open: async (range) => endWhenRefused(await file.open(range), mayHave, periodMs),
    };
  };
}

/** Looks by the clock and not by the bytes: a slow reader's end comes as soon as a fast one's. */
function endWhenRefused(bytes: Readable, mayHave: () => Promise<boolean>, periodMs: number): Readable {
  let unanswered = 0;
  const end = () => bytes.destroy(new ProblemError('TOKEN_INVALID', 'access ended during the download'));
  const look = async () => {
    unanswered += 1;
    if (unanswered > UNANSWERED_CHECKS_MAX) return end();
    try {
      if (!(await mayHave())) end();
      unanswered = 0;
    } catch {
      // counted as unanswered; the next look may succeed
    }
  };
  const timer = setInterval(look, periodMs).unref();
  return bytes.once('close', () => clearInterval(timer));
}
