import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { keyOf } from './tags.ts';
import type { TransferSyntax } from './transfer-syntaxes.ts';

/** Elements as dicom-parser reads them: spans of the bytes of the file. */
export type Dataset = DataSet;

/** A DICOM Part 10 file whose structure has been checked. */
export type Part10 = { dataset: Dataset; transferSyntaxUid: string; transferSyntax: TransferSyntax };

export function findElement(dataset: Dataset, tag: number): Element | undefined {
  return dataset.elements[keyOf(tag)];
}

/** The bytes of a value: a view, not a copy. */
export function readBytes(dataset: Dataset, { dataOffset, length }: Element): Uint8Array {
  return dataset.byteArray.subarray(dataOffset, dataOffset + length);
}

/** A text value without its padding (PS3.5 section 6.2), or null when absent or empty. Bytes are taken as Latin-1. */
export function readText(dataset: Dataset, tag: number): string | null {
  const element = findElement(dataset, tag);
  if (!element || !isPlain(element)) return null;
  return dataset.string(keyOf(tag)) || null;
}

/** 16-bit unsigned values of an element (US, or SS and OW taken as they lie), or null when absent or of odd length. */
export function readWords(dataset: Dataset, tag: number): number[] | null {
  const element = findElement(dataset, tag);
  if (!element || !isPlain(element) || element.length < 2 || element.length % 2) return null;
  return Array.from({ length: element.length / 2 }, (_, i) => dataset.uint16(keyOf(tag), i)!);
}

/** The first 16-bit unsigned value (VR US), or null. */
export function readWord(dataset: Dataset, tag: number): number | null {
  return readWords(dataset, tag)?.[0] ?? null;
}

/**
 * The first number of a DS or IS value: null when absent, NaN when it is not a number. The library's floatString would
 * take the 12 of `12 mm`.
 */
export function readDecimal(dataset: Dataset, tag: number): number | null {
  const first = readText(dataset, tag)?.split('\\')[0]?.trim();
  if (first === undefined || first === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(first) ? Number(first) : Number.NaN;
}

export function isBigEndian(dataset: Dataset): boolean {
  return dataset.byteArrayParser === dicomParser.bigEndianByteArrayParser;
}

/** Neither a sequence nor encapsulated. */
export function isPlain(element: Element): boolean {
  return !element.items && !element.fragments;
}
