import { type Client, createClient } from '@synspine/protocol';

const KEY = 'synspine-token';

/**
 * The access token of this tab. A link may bring it in the fragment (`#token=…`), which browsers never send to a
 * server; it is taken out of the address at once.
 */
export function readToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const brought = fragment.get('token');
  if (brought) {
    sessionStorage.setItem(KEY, brought);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

export const keepToken = (token: string) => sessionStorage.setItem(KEY, token);
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** `refuse` ends a session whose token the registry no longer takes. */
export type Session = { client: Client; refuse(): void };

export function createSession(token: string, refuse: () => void): Session {
  const client = createClient({
    baseUrl: location.origin,
    isOwnPage: true,
    authorise: async () => ({ authorization: `Bearer ${token}` }),
    fetch: (url, init) => fetch(url, init),
  });
  return { client, refuse };
}
