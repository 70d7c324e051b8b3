import { createHash } from 'node:crypto';

/** A UID under 2.25 (PS3.5 B.2) that is always the same for the same seed: 2.25 and a 128-bit number. */
export function uidFromSeed(seed: string): string {
  const digest = createHash('sha256').update(seed).digest('hex');
  return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`;
}
