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
  return { client: createClient({ baseUrl, authorise, fetch: reachableFetch }), enrolment };
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
