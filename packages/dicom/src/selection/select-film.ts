import type { Dataset } from '../dataset/dataset.ts';
import type { FilmIdentity, PixelFormat } from '../film-header.ts';
import { SIDE_MIN_PX } from '../limits.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { type Region, type RegionRule, readRegion } from './region.ts';
import { type FilmView, readView, VIEWS, type ViewRule } from './view.ts';

/** Modalities of plain radiography; 'SC' or 'OT' for scanned films only when a site asks for them. */
const DEFAULT_MODALITIES: readonly string[] = ['CR', 'DX', 'RG'];

/** Which of the films that can be read are wanted. */
export type SelectionPolicy = {
  modalities: readonly string[];
  /** 'other' films say that they show another part of the body. */
  regions: readonly Region[];
  views: readonly FilmView[];
  /** Shortest side, in pixels. */
  sideMinPx: number;
};

export const DEFAULT_SELECTION: SelectionPolicy = {
  modalities: DEFAULT_MODALITIES,
  regions: ['spine', 'unknown'],
  views: VIEWS,
  sideMinPx: SIDE_MIN_PX,
};

/** What a film's tags say about what it shows, and which tag said it. Holds no text of the film. */
export type FilmContent = { region: Region; regionRule: RegionRule; view: FilmView; viewRule: ViewRule };

export function readContent(dataset: Dataset): FilmContent {
  return { ...readRegion(dataset), ...readView(dataset) };
}

/** Why a film that can be read is not wanted; null when it is. `size` is null where it could not be read. */
export function selectFilm(
  { modality, isForProcessing }: FilmIdentity,
  { region, view }: FilmContent,
  size: Pick<PixelFormat, 'rows' | 'columns'> | null,
  policy: SelectionPolicy,
): Refusal | null {
  const side = size ? Math.min(size.rows, size.columns) : Number.POSITIVE_INFINITY;
  const rules: [boolean, RefusalCode][] = [
    [policy.modalities.includes(modality), 'MODALITY_NOT_ACCEPTED'],
    [!isForProcessing, 'FOR_PROCESSING'],
    [policy.regions.includes(region), region === 'unknown' ? 'REGION_UNKNOWN' : 'REGION_NOT_ACCEPTED'],
    [policy.views.includes(view), view === 'unknown' ? 'VIEW_UNKNOWN' : 'VIEW_NOT_ACCEPTED'],
    [side >= policy.sideMinPx, 'TOO_SMALL'],
  ];
  const broken = rules.find(([isKept]) => !isKept);
  return broken ? refuse('select', broken[1]) : null;
}
