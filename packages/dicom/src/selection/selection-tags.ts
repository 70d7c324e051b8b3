import { type Dataset, findElement, readText } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';

/** The tags that tell what a film shows. They are optional, so whatever is wrong with one counts as its absence. */
export const SELECTION_TAGS = {
  studyDescription: 0x00081030,
  seriesDescription: 0x0008103e,
  anatomicRegionSequence: 0x00082218,
  bodyPart: TAGS.bodyPart,
  viewPosition: TAGS.viewPosition,
  patientOrientation: 0x00200020,
  viewCodeSequence: 0x00540220,
} as const;

const CODE_VALUE = 0x00080100;
const TEXT_BYTES_MAX = 256; // four times what these texts may have by PS3.5 section 6.2

/** A text in capitals, or '' where there is none. */
export function readShortText(dataset: Dataset, tag: number): string {
  const length = findElement(dataset, tag)?.length ?? 0;
  return length > TEXT_BYTES_MAX ? '' : (readText(dataset, tag)?.trim().toUpperCase() ?? '');
}

/** The code value of the first item of a code sequence, or ''. */
export function readCode(dataset: Dataset, sequenceTag: number): string {
  const item = findElement(dataset, sequenceTag)?.items?.[0]?.dataSet;
  return item ? readShortText(item, CODE_VALUE) : '';
}
