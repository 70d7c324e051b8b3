import { type Client, createClient } from '@synspine/protocol';
import { createAuthoriser } from '@synspine/release';
import { type Enrolment, type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { SiteError } from '../site-error.ts';

export type Registry = { client: Client; enrolment: Enrolment };

/** The registry that this home is enrolled at: the one host that the agent ever calls. Throws NOT_ENROLLED. */
export async function openRegistry(home: Home): Promise<Registry> {
  const enrolment = await readEnrolment(home);
  const { registryUrl: baseUrl, siteId: clientId, audience } = enrolment;
  const authPrivateJwk = await readKey(home, 'auth');
  const authorise = createAuthoriser({ baseUrl, clientId, audience, authPrivateJwk, fetch: reachableFetch });
  return { client: typed(createClient({ baseUrl, authorise, fetch: reachableFetch })), enrolment };
}

/** The client, whose answers that no registry gives (a page of a proxy, half a body) are REGISTRY_ANSWER_INVALID. */
function typed(client: Client): Client {
  return {
    call: async (name, input, extra) => {
      try {
        return await client.call(name, input, extra);
      } catch (cause) {
        if (!isGarbled(cause)) throw cause;
        throw new SiteError('REGISTRY_ANSWER_INVALID', undefined, { cause });
      }
    },
  };
}

/** No JSON, not as the route's schema says, or cut off: undici says the last as a TypeError with a cause. */
function isGarbled(error: unknown): boolean {
  const isCut = error instanceof TypeError && error.cause !== undefined;
  return isCut || error instanceof SyntaxError || (error as Error | undefined)?.name === 'ZodError';
}

/** `fetch`, but for its untyped network errors: they become REGISTRY_UNREACHABLE. */
export const reachableFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init);
  } catch (cause) {
    if (init?.signal?.aborted) throw cause;
    throw new SiteError('REGISTRY_UNREACHABLE', undefined, { cause });
  }
};
