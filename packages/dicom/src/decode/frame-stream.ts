import type { Dataset } from '../dataset/dataset.ts';
import { readBytes } from '../dataset/dataset.ts';
import type { PixelFormat } from '../film-header.ts';

type Span = { dataOffset: number; length: number };

/**
 * The compressed bytes of the frame that is taken: all fragments where there is one frame, else its own fragment or those
 * that the basic offset table gives it (PS3.5 A.4). Null when the fragments don't tell.
 */
export function readFrameStream(dataset: Dataset, format: PixelFormat): Uint8Array | null {
  const spans = findFragments(format);
  if (spans.length === 0) return null;
  const parts = spans.map((span) => readBytes(dataset, span as PixelFormat['pixelData']));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function findFragments({ pixelData, frames, frame }: PixelFormat): Span[] {
  const fragments = pixelData.fragments ?? [];
  const span = ({ position, length }: (typeof fragments)[number]) => ({ dataOffset: position, length });
  if (frames === 1) return fragments.map(span);
  if (fragments.length === frames) return [span(fragments[frame]!)];
  const table = pixelData.basicOffsetTable ?? [];
  if (table.length !== frames) return [];
  const [start, end] = [table[frame]!, table[frame + 1] ?? Number.POSITIVE_INFINITY];
  return fragments.filter(({ offset }) => offset >= start && offset < end).map(span);
}
