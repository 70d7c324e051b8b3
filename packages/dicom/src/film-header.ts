import type { Element } from 'dicom-parser';
import {
  type Dataset,
  findElement,
  type Part10,
  readDecimal,
  readText,
  readWord,
} from './dataset/dataset.ts';
import { TAGS } from './dataset/tags.ts';
import { PIXELS_MAX } from './limits.ts';
import { type Refusal, type RefusalCode, refuse } from './refusals.ts';

export type FilmIdentity = {
  sopInstanceUid: string;
  studyInstanceUid: string;
  /** Identifying: stays at the site and out of every log. */
  patientId: string | null;
  /** Identifying: stays at the site and out of every log. */
  accessionNumber: string | null;
  modality: string;
  viewPosition: string | null;
  bodyPart: string | null;
  /** Burned In Annotation is YES. */
  saysBurnedIn: boolean;
};

export type PixelFormat = {
  rows: number;
  columns: number;
  bitsAllocated: 8 | 16;
  bitsStored: number;
  signed: boolean;
  compressed: boolean;
  /** MONOCHROME1: the lowest value is white. */
  inverted: boolean;
  pixelData: Element;
};

/** Who and what a film shows, by its tags. Refuses with MISSING_UID. */
export function readIdentity(dataset: Dataset): FilmIdentity | Refusal {
  const sopInstanceUid = readUid(dataset, TAGS.sopInstanceUid);
  const studyInstanceUid = readUid(dataset, TAGS.studyInstanceUid);
  if (!sopInstanceUid || !studyInstanceUid) return refuse('parse', 'MISSING_UID');
  return {
    sopInstanceUid,
    studyInstanceUid,
    patientId: readText(dataset, TAGS.patientId),
    accessionNumber: readText(dataset, TAGS.accessionNumber),
    modality: readText(dataset, TAGS.modality) ?? '',
    viewPosition: readText(dataset, TAGS.viewPosition),
    bodyPart: readText(dataset, TAGS.bodyPart),
    saysBurnedIn: readText(dataset, TAGS.burnedInAnnotation) === 'YES',
  };
}

/** PS3.5 section 9.1: digits and dots, at most 64 characters. */
function readUid(dataset: Dataset, tag: number): string | null {
  const uid = readText(dataset, tag);
  return uid && uid.length <= 64 && /^\d+(\.\d+)+$/.test(uid) ? uid : null;
}

/** Checks everything about a film's pixels that can be known before they are touched. */
export function readPixelFormat(file: Part10): PixelFormat | Refusal {
  const format = readFormat(file);
  return typeof format === 'string' ? refuse('select', format) : format;
}

function readFormat(file: Part10): PixelFormat | RefusalCode {
  const { dataset } = file;
  const pixelData = findElement(dataset, TAGS.pixelData);
  if (!pixelData || (pixelData.length === 0 && !pixelData.fragments)) return 'NO_PIXEL_DATA';
  const size = readSize(dataset);
  if (typeof size === 'string') return size;
  const depth = readDepth(dataset);
  if (typeof depth === 'string') return depth;
  const photometric = readText(dataset, TAGS.photometric);
  if (photometric === 'PALETTE COLOR') return 'PALETTE_NOT_SUPPORTED';
  if (photometric?.startsWith('RGB') || photometric?.startsWith('YBR')) return 'COLOUR_NOT_SUPPORTED';
  if (photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2') return 'UNSUPPORTED_PHOTOMETRIC';
  if ((readWord(dataset, TAGS.samplesPerPixel) ?? 1) !== 1) return 'COLOUR_NOT_SUPPORTED';
  return {
    ...size,
    ...depth,
    compressed: file.transferSyntax.codec !== 'native',
    inverted: photometric === 'MONOCHROME1',
    pixelData,
  };
}

function readSize(dataset: Dataset): { rows: number; columns: number } | RefusalCode {
  const frames = readDecimal(dataset, TAGS.frames) ?? 1;
  if (frames !== 1) return 'MULTI_FRAME';
  const rows = readWord(dataset, TAGS.rows);
  const columns = readWord(dataset, TAGS.columns);
  if (rows === null || columns === null) return 'MALFORMED';
  if (rows === 0 || columns === 0) return 'MALFORMED';
  return rows * columns > PIXELS_MAX ? 'TOO_LARGE' : { rows, columns };
}

function readDepth(
  dataset: Dataset,
): Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'signed'> | RefusalCode {
  const bitsAllocated = readWord(dataset, TAGS.bitsAllocated);
  const bitsStored = readWord(dataset, TAGS.bitsStored) ?? bitsAllocated;
  const highBit = readWord(dataset, TAGS.highBit);
  const representation = readWord(dataset, TAGS.pixelRepresentation) ?? 0;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) return 'UNSUPPORTED_BIT_DEPTH';
  if (bitsStored === null || bitsStored < 8 || bitsStored > bitsAllocated) return 'UNSUPPORTED_BIT_DEPTH';
  if (highBit !== null && highBit !== bitsStored - 1) return 'UNSUPPORTED_BIT_DEPTH';
  if (representation > 1) return 'MALFORMED';
  return { bitsAllocated, bitsStored, signed: representation === 1 };
}
