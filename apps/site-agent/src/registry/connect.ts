import { type Client, createClient } from '@synspine/protocol';
import { createAuthoriser } from '@synspine/release';
import { type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { SiteError } from '../site-error.ts';

/** A client that logs in with one of the home's keys, which it reads anew for each token. Throws NOT_ENROLLED. */
export async function connect(home: Home, key: 'auth' | 'auth-next'): Promise<Client> {
  const { registryUrl: baseUrl, siteId: clientId, audience } = await readEnrolment(home);
  const authPrivateJwk = () => readKey(home, key);
  const authorise = createAuthoriser({ baseUrl, clientId, audience, authPrivateJwk, fetch: reachableFetch });
  return createClient({ baseUrl, authorise, fetch: reachableFetch });
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
