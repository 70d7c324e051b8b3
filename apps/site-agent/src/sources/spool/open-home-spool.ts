import type { Home } from '../../home.ts';
import type { SourceSettings } from '../settings.ts';
import { claimSpool } from './claim-spool.ts';
import { openSpool, type Spool } from './spool.ts';

/** Largest film: what the film reader takes at most. */
const FILM_BYTES_MAX = 160 * 1024 * 1024;

/** The home's spool, for this process alone until `release`. Throws SPOOL_IN_USE. */
export async function openHomeSpool(
  home: Home,
  { spool }: Pick<SourceSettings, 'spool'>,
): Promise<{ spool: Spool; release: () => void }> {
  const release = await claimSpool(home);
  try {
    const { bytesMax, filesMax, freeBytesMin } = spool;
    const limits = { bytesMax, filesMax, freeBytesMin, filmBytesMax: FILM_BYTES_MAX };
    return { spool: await openSpool(home.folders.spool, limits), release };
  } catch (error) {
    release();
    throw error;
  }
}
