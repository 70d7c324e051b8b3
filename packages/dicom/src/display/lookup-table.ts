import { type Dataset, findElement, isBigEndian, isPlain, readBytes, readWords } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';

/** A modality or VOI lookup table (PS3.3 C.11.1.1 and C.11.2.1.1). Inputs below the first take the first entry, above the last the last. */
export type LookupTable = { firstInput: number; entries: Uint16Array; bits: number };

/**
 * Reads the first item of a lookup table sequence.
 *
 * @param signedInput how its first input value is stored: VR SS, or in implicit files the sign of what is looked up
 * @returns null when the sequence is absent or empty, 'invalid' when it contradicts itself
 */
export function readLookupTable(
  dataset: Dataset,
  sequenceTag: number,
  signedInput: boolean,
): LookupTable | null | 'invalid' {
  const sequence = findElement(dataset, sequenceTag);
  if (!sequence || sequence.length === 0) return null;
  // dicom-parser does not enter a sequence of VR UN and known length: to ignore its table would show the film wrongly.
  if (!sequence.items) return 'invalid';
  const item = sequence.items[0]?.dataSet;
  return item ? readTable(item, signedInput) : null;
}

/** Where a table's descriptor and its entries stand. */
type TableTags = { descriptor: number; data: number };

const IN_SEQUENCE: TableTags = { descriptor: TAGS.lutDescriptor, data: TAGS.lutData };

/** Reads a table from the data set that holds it; 'invalid' when it is absent or contradicts itself. */
export function readTable(
  item: Dataset,
  signedInput: boolean,
  tags: TableTags = IN_SEQUENCE,
): LookupTable | 'invalid' {
  const descriptor = findElement(item, tags.descriptor);
  if (descriptor?.length !== 6) return 'invalid';
  const words = readWords(item, tags.descriptor);
  if (!words) return 'invalid';
  const [count, first, bits] = words as [number, number, number];
  const length = count === 0 ? 65_536 : count; // 0 stands for 65536, which 16 bits can't hold
  const signed = descriptor.vr === 'SS' || (descriptor.vr !== 'US' && signedInput);
  const entries = readEntries(item, tags.data, length, bits);
  if (!entries || bits < 8 || bits > 16 || exceeds(entries, 2 ** bits - 1)) return 'invalid';
  return { firstInput: signed ? (first << 16) >> 16 : first, entries, bits };
}

/** Entries of 8 bits may lie one or two in a word. */
function readEntries(item: Dataset, tag: number, length: number, bits: number): Uint16Array | null {
  const element = findElement(item, tag);
  if (!element || !isPlain(element)) return null;
  if (element.length === 2 * length) return Uint16Array.from(readWords(item, tag) ?? []);
  if (bits !== 8 || element.length !== length + (length % 2) || isBigEndian(item)) return null;
  return Uint16Array.from(readBytes(item, element).subarray(0, length));
}

function exceeds(entries: Uint16Array, max: number): boolean {
  return entries.some((entry) => entry > max);
}

export function lookUp(table: LookupTable, input: number): number {
  const index = Math.min(Math.max(Math.round(input) - table.firstInput, 0), table.entries.length - 1);
  return table.entries[index]!;
}
