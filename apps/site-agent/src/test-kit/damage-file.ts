import { readFile, writeFile } from 'node:fs/promises';
import { seededRandom } from '@synspine/compute';

const BLOCK = 4_096;

/** Spoils a file as disks do, at a place that only the seed knows: a flipped bit, a block of zeros, or an early end. */
export async function damageFile(path: string, seed: number): Promise<void> {
  const bytes = await readFile(path);
  const random = seededRandom(seed);
  for (;;) {
    const at = Math.floor(random() * bytes.length);
    const kind = Math.floor(random() * 3);
    const spoilt =
      kind === 0 ? flipBit(bytes, at, random) : kind === 1 ? zeroBlock(bytes, at) : bytes.subarray(0, at);
    if (!spoilt.equals(bytes)) return writeFile(path, spoilt);
  }
}

function flipBit(bytes: Buffer, at: number, random: () => number): Buffer {
  const spoilt = Buffer.from(bytes);
  spoilt[at]! ^= 1 << Math.floor(random() * 8);
  return spoilt;
}

function zeroBlock(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes).fill(0, at, Math.min(bytes.length, at + BLOCK));
}
