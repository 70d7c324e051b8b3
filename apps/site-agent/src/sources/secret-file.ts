import { open } from 'node:fs/promises';
import { SiteError } from '../site-error.ts';

const OTHERS = 0o077;

/** The first line of a file that only its owner may read. Throws SECRET_UNREADABLE. */
export async function readSecret(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      if (((await file.stat()).mode & OTHERS) !== 0) throw new SiteError('SECRET_UNREADABLE');
      const [secret = ''] = (await file.readFile('utf8')).split(/\r?\n/);
      if (secret.length < 8) throw new SiteError('SECRET_UNREADABLE', 'fewer than 8 characters');
      return secret;
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cause instanceof SiteError ? cause : new SiteError('SECRET_UNREADABLE', undefined, { cause });
  }
}
