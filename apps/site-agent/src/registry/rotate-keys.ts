import { signKeyChange } from '@synspine/release';
import { type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { areRegistered, isOldReported, makeNextKeys, reportOld, takeNextKeys } from '../next-keys.ts';
import { errorCode } from '../site-error.ts';
import { connect } from './connect.ts';

/**
 * Replaces both keys of this site: new ones are made here, the registry takes them by a statement of the old ones, and then
 * they take their place. Cut off anywhere it can be repeated, since the next keys are kept until they are the present ones and
 * the registry answers the same statement alike. With `compromised` the old signing key vouches for nothing new any more; said
 * once, it holds for whatever finishes the exchange.
 */
export async function rotateKeys(home: Home, { compromised = false } = {}): Promise<void> {
  if (areRegistered(home)) return takeNextKeys(home);
  if (compromised) await reportOld(home);
  const next = await makeNextKeys(home);
  const { siteId } = await readEnrolment(home);
  const change = await signKeyChange(siteId, next, await readKey(home, 'signing'));
  await send(home, { ...change, compromised: isOldReported(home) });
  await takeNextKeys(home);
}

type Body = Awaited<ReturnType<typeof signKeyChange>> & { compromised: boolean };

/** By the present door key; where the registry has it no more, it has the next one already, and the answer was lost. */
async function send(home: Home, body: Body): Promise<void> {
  try {
    await (await connect(home, 'auth')).call('rotateKeys', { body });
  } catch (error) {
    if (errorCode(error) !== 'TOKEN_INVALID') throw error;
    await (await connect(home, 'auth-next')).call('rotateKeys', { body });
  }
}
