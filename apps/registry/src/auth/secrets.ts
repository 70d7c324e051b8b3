import { createHash, randomBytes } from 'node:crypto';

/** A secret of 256 bits, URL-safe; `prefix` lets secret scanners and people recognise it. */
export function makeSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/**
 * How secrets are kept: SHA-256, in hexadecimal. No salt or slow hash is needed, since 256 random bits can't be
 * guessed, and looking one up by its hash compares nothing in variable time.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
