import type { Dataset } from '../dataset/dataset.ts';
import { isLengthwise, readDirections } from './orientation.ts';
import { readCode, readShortText, SELECTION_TAGS } from './selection-tags.ts';

/** From where the patient was exposed. LATERAL is either side; OBLIQUE anything between a frontal and a lateral view. */
export const VIEWS = ['AP', 'PA', 'LATERAL', 'OBLIQUE', 'unknown'] as const;
export type FilmView = (typeof VIEWS)[number];

/** Which tag told it; null: none did. */
export type ViewRule = 'view-position' | 'view-code' | 'patient-orientation' | null;

/** Defined terms of View Position (PS3.3 C.8.7.1.1.2 and C.8.11.5), and how devices write them besides. */
const POSITIONS: Record<string, FilmView> = {
  AP: 'AP',
  PA: 'PA',
  ...of('LATERAL', ['LL', 'RL', 'LAT', 'LATERAL', 'LLAT', 'RLAT', 'LLD', 'RLD', 'ML', 'LM']),
  ...of('OBLIQUE', ['LLO', 'RLO', 'LAO', 'RAO', 'LPO', 'RPO', 'OBL', 'OBLIQUE']),
};

/** Codes of PS3.16 CID 4010, as SNOMED CT writes them and as its predecessor did; frontal alone tells no direction. */
const CODES: Record<string, FilmView> = {
  ...of('AP', ['399348003', 'R-10206']),
  ...of('PA', ['272479007', 'R-40888', 'R-10214']),
  ...of('LATERAL', ['399067008', 'R-102CD', '399198007', 'R-10232', '399173006', 'R-10236']),
  ...of('LATERAL', ['399352003', 'R-10228', '399260004', 'R-10224']),
  ...of('OBLIQUE', ['399182000', 'R-102C1', '399160007', 'R-10204', '399312000', 'R-10208']),
  ...of('OBLIQUE', ['399059000', 'R-10216', '399135007', 'R-10220', '399006002', 'R-10212']),
  ...of('OBLIQUE', ['399356000', 'R-40985', '399038007', 'R-10210', '399184004', 'R-10238']),
  ...of('OBLIQUE', ['399236003', 'R-10234', '260427002', 'R-40783', '260426006', 'R-40782']),
};

function of(view: FilmView, terms: string[]): Record<string, FilmView> {
  return Object.fromEntries(terms.map((term) => [term, view]));
}

/** The view by View Position, else View Code Sequence, else Patient Orientation. */
export function readView(dataset: Dataset): { view: FilmView; viewRule: ViewRule } {
  const position = POSITIONS[readShortText(dataset, SELECTION_TAGS.viewPosition)];
  if (position) return { view: position, viewRule: 'view-position' };
  const code = CODES[readCode(dataset, SELECTION_TAGS.viewCodeSequence)];
  if (code) return { view: code, viewRule: 'view-code' };
  // One side of the film runs to the front or back, the other one to the feet or head: the patient was seen from the side.
  const directions = readDirections(dataset);
  const isLateral = directions.some(isLengthwise) && directions.some((direction) => /[AP]/.test(direction));
  return isLateral
    ? { view: 'LATERAL', viewRule: 'patient-orientation' }
    : { view: 'unknown', viewRule: null };
}
