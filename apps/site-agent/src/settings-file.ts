import { readFile } from 'node:fs/promises';
import { parseStrictJson } from '@synspine/release';
import { errorCode, SiteError, type SiteErrorCode } from './site-error.ts';

/** The text of a file that a person of the site writes; undefined where there is none. */
export async function readSettingsText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * The JSON of such a file. Throws `invalid` where it is none, and where it says a name twice, since either may be meant. Never says what
 * stands there.
 */
export function parseSettings(text: string, invalid: SiteErrorCode): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    const isDouble = errorCode(error) === 'DUPLICATE_JSON_KEY';
    throw new SiteError(invalid, isDouble ? 'a name stands there twice' : 'the file is not JSON');
  }
}

/** Both at once; undefined where there is no file. */
export async function readSettings(path: string, invalid: SiteErrorCode): Promise<unknown> {
  const text = await readSettingsText(path);
  return text === undefined ? undefined : parseSettings(text, invalid);
}
