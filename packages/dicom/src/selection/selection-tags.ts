import { type Dataset, findElement, isPlain, readBytes, readText } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';

/** The tags that tell what a film shows. They are optional, so whatever is wrong with one counts as its absence. */
export const SELECTION_TAGS = {
  characterSet: 0x00080005,
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

/** Specific Character Set (PS3.3 C.12.1.1.2) in the names of the Encoding Standard; the last of several is the wider one. */
const CHARACTER_SETS: Record<string, string> = {
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gb18030',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 13': 'shift_jis',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  'ISO 2022 IR 58': 'gb18030',
};

/** A text in its own writing, or '' where there is none: UTF-8 whatever the film says, else by its character set. */
export function readLocalText(dataset: Dataset, tag: number): string {
  const element = findElement(dataset, tag);
  if (!element || !isPlain(element) || element.length > TEXT_BYTES_MAX) return '';
  const bytes = readBytes(dataset, element);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const sets = readShortText(dataset, SELECTION_TAGS.characterSet).split('\\');
    const encoding = CHARACTER_SETS[sets.at(-1)!.trim()] ?? 'windows-1252';
    return new TextDecoder(encoding).decode(bytes);
  }
}

/** The code value of the first item of a code sequence, or ''. */
export function readCode(dataset: Dataset, sequenceTag: number): string {
  const item = findElement(dataset, sequenceTag)?.items?.[0]?.dataSet;
  return item ? readShortText(item, CODE_VALUE) : '';
}
