import type { Client } from '@synspine/protocol';
import { type Enrolment, type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { hasNextKeys } from '../next-keys.ts';
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
  return { client: await connect(home, 'auth'), enrolment };
}
