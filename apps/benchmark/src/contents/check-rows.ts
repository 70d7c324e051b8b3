import type { ReleaseManifest } from '@synspine/protocol';
import { demand } from './content-fault.ts';
import type { Row } from './read-shard.ts';

type Numbered = Pick<Row, 'label' | 'index'>;

/**
 * Compares all rows of a release with its manifest: how many there are of each class, that candidate k of class c has the
 * index c · stride + k, that no index comes twice and none is of a candidate that the filters rejected. Throws ContentFault.
 */
export function checkRows(rows: readonly Numbered[], { synthetic, classNames }: ReleaseManifest): void {
  const { imagesPerClass, candidates } = synthetic;
  const total = imagesPerClass.reduce((sum, count) => sum + count, 0);
  demand(rows.length === total, 'CONTENT_ROW_COUNT');
  const counts = classNames.map((_, label) => rows.filter((row) => row.label === label).length);
  demand(
    counts.every((count, label) => count === imagesPerClass[label]),
    'CONTENT_LABELS',
  );
  demand(new Set(rows.map(({ index }) => index)).size === rows.length, 'CONTENT_INDICES');
  if (!candidates) return;
  const { stride, classes } = candidates;
  const kept = classes.map(({ drawn, rejected }) => keptNumbers(drawn, Buffer.from(rejected, 'base64')));
  for (const { label, index } of rows) {
    demand(Math.floor(index / stride) === label, 'CONTENT_LABELS');
    demand(kept[label]!.has(index - label * stride), 'CONTENT_INDICES');
  }
}

/** Candidates whose bit is clear; the least significant bit of a byte is the first. */
function keptNumbers(drawn: number, rejected: Uint8Array): Set<number> {
  const numbers = Array.from({ length: drawn }, (_, k) => k);
  return new Set(numbers.filter((k) => (((rejected[k >> 3] ?? 0) >> (k & 7)) & 1) === 0));
}
