import { type Dataset, findElement, readText, readWord } from '../dataset/dataset.ts';

const TAGS = { inUse: 0x00041410, records: 0x00041220, fileId: 0x00041500 } as const;
const INACTIVE = 0;
/** PS3.10 section 8.2 has up to 8 parts of up to 8 characters; media have been burned with longer ones and with endings. */
const FILE_ID = /^(?!\.{1,2}$)[\w.-]{1,64}$/;
const PARTS_MAX = 8;

/**
 * The files that a DICOMDIR names (PS3.3 section F.5: Referenced File ID of its directory records), as paths relative to its folder
 * with `/`; null when this is no DICOMDIR. A name that would leave the folder is left out.
 */
export function readMediaDirectory(dataset: Dataset): string[] | null {
  const records = findElement(dataset, TAGS.records);
  if (!records) return null;
  const files = (records.items ?? []).flatMap(({ dataSet }) => {
    if (!dataSet || readWord(dataSet, TAGS.inUse) === INACTIVE) return [];
    const parts = (readText(dataSet, TAGS.fileId) ?? '').split('\\').map((part) => part.trim());
    return parts.length <= PARTS_MAX && parts.every((part) => FILE_ID.test(part)) ? [parts.join('/')] : [];
  });
  return [...new Set(files)];
}
