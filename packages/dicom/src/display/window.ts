import { type Dataset, readDecimal, readText } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';

type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
export type Window = { centre: number; width: number; function: WindowFunction };

/**
 * Reads the first window of a film (PS3.3 C.11.2.1.2); null when it has none, or one that can't be applied: devices write 0 and 0
 * where they know of no window, and numbers with a comma.
 */
export function readWindow(dataset: Dataset): Window | null {
  const centre = readDecimal(dataset, TAGS.windowCentre);
  const width = readDecimal(dataset, TAGS.windowWidth);
  const name = readText(dataset, TAGS.voiLutFunction) ?? 'LINEAR';
  if (name !== 'LINEAR' && name !== 'LINEAR_EXACT' && name !== 'SIGMOID') return null;
  const widthMin = name === 'LINEAR' ? 1 : Number.MIN_VALUE;
  if (centre === null || width === null || !Number.isFinite(centre)) return null;
  return width >= widthMin && Number.isFinite(width) ? { centre, width, function: name } : null;
}

/** Maps a modality value to 0..1 by the equations of PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2. */
export function applyWindow(x: number, { centre, width, function: name }: Window): number {
  if (name === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (x - centre)) / width));
  if (name === 'LINEAR_EXACT') return clamp((x - centre) / width + 0.5);
  const middle = centre - 0.5;
  // A window of width 1 is a threshold: the formula would divide by zero.
  if (width === 1) return x <= middle ? 0 : 1;
  return clamp((x - middle) / (width - 1) + 0.5);
}

function clamp(x: number): number {
  return Math.min(Math.max(x, 0), 1);
}
