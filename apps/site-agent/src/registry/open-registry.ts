import type { Client } from '@synspine/protocol';
import { type Enrolment, type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { hasNextKeys } from '../next-keys.ts';
import { SiteError } from '../site-error.ts';
import { connect } from './connect.ts';
import { rotateKeys } from './rotate-keys.ts';

export type Registry = { client: Client; enrolment: Enrolment };

/**
 * The registry that this home is enrolled at: the one host that the agent ever calls. An exchange of keys that was cut off is
 * finished first; where that fails, the next request tells why. Throws NOT_ENROLLED.
 */
export async function openRegistry(home: Home): Promise<Registry> {
  const enrolment = await readEnrolment(home);
  if (hasNextKeys(home)) await rotateKeys(home).catch(() => undefined);
  await readKey(home, 'auth');
  return { client: typed(await connect(home, 'auth')), enrolment };
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
