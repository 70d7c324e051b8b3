import type { Element, Elements } from './read-elements.ts';
import type { TransferSyntax } from './transfer-syntaxes.ts';

/** Elements, and the bytes that their spans point into. */
export type Dataset = { bytes: Uint8Array; elements: Elements; bigEndian: boolean };

/** A DICOM Part 10 file whose structure has been checked. */
export type Part10 = Dataset & { transferSyntaxUid: string; transferSyntax: TransferSyntax };

/** The bytes of a value: a view, not a copy. */
export function readBytes(dataset: Dataset, span: { start: number; length: number }): Uint8Array {
  return dataset.bytes.subarray(span.start, span.start + span.length);
}

/** A text value without its padding (PS3.5 section 6.2), or null when absent or empty. Bytes are taken as Latin-1. */
export function readText(dataset: Dataset, tag: number): string | null {
  const element = dataset.elements.get(tag);
  if (!element || element.fragments || element.items) return null;
  const text = Buffer.from(readBytes(dataset, element)).toString('latin1').replace(/\0+$/, '').trim();
  return text === '' ? null : text;
}

/** 16-bit unsigned values of an element (US, or SS and OW taken as they lie), or null when absent or of odd length. */
export function readWords(dataset: Dataset, element: Element | undefined): number[] | null {
  if (!element || element.fragments || element.items || element.length < 2 || element.length % 2) return null;
  const view = new DataView(dataset.bytes.buffer, dataset.bytes.byteOffset + element.start, element.length);
  return Array.from({ length: element.length / 2 }, (_, i) => view.getUint16(2 * i, !dataset.bigEndian));
}

/** The first 16-bit unsigned value (VR US), or null. */
export function readWord(dataset: Dataset, tag: number): number | null {
  return readWords(dataset, dataset.elements.get(tag))?.[0] ?? null;
}

/** The first number of a DS or IS value: null when absent, NaN when it is not a number. */
export function readDecimal(dataset: Dataset, tag: number): number | null {
  const first = readText(dataset, tag)?.split('\\')[0]?.trim();
  if (first === undefined || first === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(first) ? Number(first) : Number.NaN;
}
