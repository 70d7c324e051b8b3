import { randomInt } from 'node:crypto';
import type { Sampler } from '@synspine/gan';
import type { ReleaseManifest } from '@synspine/protocol';
import type { Row } from './read-shard.ts';

/** Rows that are drawn anew, at least, or all there are: in whole blocks of the seed's sequence, and nobody can know which. */
const ROWS = 1_024;
const ROWS_256 = 256;
/** Indices in a block: what the sampler draws at once anyway. */
const BLOCK = 64;
const BLOCK_256 = 16;

/**
 * Gray levels by which an image may differ from what the weights draw here: on average over its pixels, and at any pixel.
 * docs/decisions/contents.md says what threads, instruction sets and cards were measured to change.
 */
const TOLERANCE = { mean: 0.25, most: 4 };

/** The indices that are drawn anew: whole blocks, at random, of those that hold rows. */
export function chooseBlocks(rows: readonly Pick<Row, 'index'>[], imageSize: number): Set<number> {
  const size = blockSize(imageSize);
  const blocks = [...new Set(rows.map(({ index }) => Math.floor(index / size)))];
  for (let i = blocks.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [blocks[i], blocks[j]] = [blocks[j]!, blocks[i]!];
  }
  const rowsOf = new Map<number, number>();
  for (const { index } of rows) {
    const block = Math.floor(index / size);
    rowsOf.set(block, (rowsOf.get(block) ?? 0) + 1);
  }
  const chosen = new Set<number>();
  let left = imageSize > 128 ? ROWS_256 : ROWS;
  for (const block of blocks) {
    if (left <= 0) break;
    chosen.add(block);
    left -= rowsOf.get(block)!;
  }
  return chosen;
}

export function blockOf(index: number, imageSize: number): number {
  return Math.floor(index / blockSize(imageSize));
}

function blockSize(imageSize: number): number {
  return imageSize > 128 ? BLOCK_256 : BLOCK;
}

export type Drawn = Pick<Row, 'label' | 'index'> & { gray: Uint8Array };

/**
 * Draws the rows of some blocks from the weights. Returns those that are not `sample(weights, seed, index, label, ψ)`, but
 * for rounding.
 */
export function findStrangers(
  rows: readonly Drawn[],
  sampler: Sampler,
  { synthetic: { seed, psi }, imageSize }: ReleaseManifest,
): Drawn[] {
  const pixels = imageSize ** 2;
  const blocks = new Set(rows.map(({ index }) => blockOf(index, imageSize)));
  return [...blocks].flatMap((block) => {
    const firstIndex = block * blockSize(imageSize);
    const labels = new Uint8Array(blockSize(imageSize));
    const ofBlock = rows.filter(({ index }) => blockOf(index, imageSize) === block);
    for (const { index, label } of ofBlock) labels[index - firstIndex] = label;
    const drawn = sampler.sample({ labels, seed, psi, firstIndex });
    return ofBlock.filter(({ index, gray }) => {
      const at = (index - firstIndex) * pixels;
      return !isSame(gray, drawn.subarray(at, at + pixels));
    });
  });
}

function isSame(sent: Uint8Array, drawn: Uint8Array): boolean {
  let [sum, most] = [0, 0];
  for (const [i, value] of sent.entries()) {
    const difference = Math.abs(value - drawn[i]!);
    sum += difference;
    most = Math.max(most, difference);
  }
  return sum / sent.length <= TOLERANCE.mean && most <= TOLERANCE.most;
}
