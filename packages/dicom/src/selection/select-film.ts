import type { FilmIdentity, PixelFormat } from '../film-header.ts';
import { SIDE_MIN_PX } from '../limits.ts';
import { type Refusal, refuse } from '../refusals.ts';

/** Modalities of plain radiography; 'SC' or 'OT' for scanned films only when a site asks for them. */
export const DEFAULT_MODALITIES: readonly string[] = ['CR', 'DX', 'RG'];

/** Why a film that can be read is not wanted; null when it is. `size` is absent where it could not be read. */
export function selectFilm(
  { modality, saysBurnedIn }: FilmIdentity,
  size: Pick<PixelFormat, 'rows' | 'columns'> | null,
  modalities: readonly string[],
): Refusal | null {
  if (!modalities.includes(modality)) return refuse('select', 'MODALITY_NOT_ACCEPTED');
  if (saysBurnedIn) return refuse('select', 'BURNED_IN_TEXT');
  const isSmall = size !== null && Math.min(size.rows, size.columns) < SIDE_MIN_PX;
  return isSmall ? refuse('select', 'TOO_SMALL') : null;
}
