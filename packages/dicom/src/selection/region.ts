import type { Dataset } from '../dataset/dataset.ts';
import { readCode, readLocalText, readShortText, SELECTION_TAGS } from './selection-tags.ts';
import { namesSpine } from './spine-words.ts';

/** 'other': the film says that it shows something else. */
export const REGIONS = ['spine', 'other', 'unknown'] as const;
export type Region = (typeof REGIONS)[number];

/** Which tag told it; null: none did. */
export type RegionRule = 'anatomic-region' | 'body-part' | 'description' | null;

/** The spine and its parts in PS3.16 CID 4, as SNOMED CT writes them and as its predecessor did. */
const SPINE_CODES = new Set([
  ...['421060004', 'T-D04FF', 'T-11500', '122494005', 'T-11501', '122495006', 'T-11502'],
  ...[
    '122496007',
    'T-11503',
    '54735007',
    'T-11AD0',
    '64688005',
    'T-11BF0',
    '1217257000',
    'T-D00F7',
    '297171002',
  ],
  ...[
    '1217256009',
    'T-D00F9',
    '297173004',
    '1217253001',
    'T-D00FA',
    '297174005',
    '1217254007',
    '110517009',
    'T-11011',
  ],
]);

/** Names of the whole and of nothing: no evidence for or against the spine. */
const VAGUE = new Set(['', 'WHOLEBODY', 'BODY', 'UNKNOWN', 'OTHER', 'NONE', 'NA', 'N/A', 'UNDEFINED']);

/** The region by Anatomic Region Sequence, else Body Part Examined; a description can only speak for the spine. */
export function readRegion(dataset: Dataset): { region: Region; regionRule: RegionRule } {
  const code = readCode(dataset, SELECTION_TAGS.anatomicRegionSequence);
  if (SPINE_CODES.has(code)) return { region: 'spine', regionRule: 'anatomic-region' };
  const part = readShortText(dataset, SELECTION_TAGS.bodyPart);
  if (namesSpine(readLocalText(dataset, SELECTION_TAGS.bodyPart)) || SPINE_CODES.has(part))
    return { region: 'spine', regionRule: 'body-part' };
  const texts = [SELECTION_TAGS.studyDescription, SELECTION_TAGS.seriesDescription];
  if (texts.some((tag) => namesSpine(readLocalText(dataset, tag))))
    return { region: 'spine', regionRule: 'description' };
  if (!VAGUE.has(part)) return { region: 'other', regionRule: 'body-part' };
  return code === ''
    ? { region: 'unknown', regionRule: null }
    : { region: 'other', regionRule: 'anatomic-region' };
}
