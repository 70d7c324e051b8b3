import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Home } from '../../home.ts';
import { SiteError } from '../../site-error.ts';

/**
 * Makes this process the only one that uses the home's spool. The claim is a name in Linux's abstract socket namespace:
 * no file, and gone with the process however it ends. Throws SPOOL_IN_USE.
 */
export async function claimSpool(home: Home): Promise<() => void> {
  const claim = createServer((socket) => socket.destroy());
  claim.listen(`\0synspine-spool-${home.id}`);
  claim.unref();
  try {
    await once(claim, 'listening');
  } catch (cause) {
    throw new SiteError('SPOOL_IN_USE', undefined, { cause });
  }
  return () => claim.close();
}
