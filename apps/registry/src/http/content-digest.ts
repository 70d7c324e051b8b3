import { createHash } from 'node:crypto';
import { ProblemError } from '@synspine/protocol';

/** Compares a body with its `Content-Digest: sha-256=:…:` (RFC 9530). Throws PART_DIGEST_MISMATCH. */
export function checkDigest(bytes: Buffer, header: string): void {
  const actual = createHash('sha256').update(bytes).digest('base64');
  if (header !== `sha-256=:${actual}:`) throw new ProblemError('PART_DIGEST_MISMATCH');
}
