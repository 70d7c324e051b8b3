import { createHash } from 'node:crypto';

/** A UID under 2.25 (PS3.5 B.2) that is always the same for the same seed: a UUID of version 8 (RFC 9562) by its hash. */
export function uidFromSeed(seed: string): string {
  const uuid = createHash('sha256').update(seed).digest().subarray(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x80; // version 8: made by a rule of one's own
  uuid[8] = (uuid[8]! & 0x3f) | 0x80; // the variant of RFC 9562
  return `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`;
}
