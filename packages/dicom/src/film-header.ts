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
  /** Raw data of a detector, by SOP class or Presentation Intent Type. */
  isForProcessing: boolean;
  /** Burned In Annotation is YES. */
  saysBurnedIn: boolean;
};

/** What the samples of a pixel are: one gray value, one index into a palette, or three of a colour space. */
type Colour = 'gray' | 'palette' | 'rgb' | 'ybr' | 'ybr-422';

/** The frame to take of several; they count from 1. */
export type FrameChoice = 'first' | 'middle' | number;

export type PixelFormat = {
  rows: number;
  columns: number;
  /** Number of Frames, and the one that is taken, counted from 0. */
  frames: number;
  frame: number;
  bitsAllocated: 8 | 16;
  bitsStored: number;
  signed: boolean;
  compressed: boolean;
  colour: Colour;
  samplesPerPixel: 1 | 3;
  /** Planar Configuration 1: all of one colour, then all of the next. */
  planar: boolean;
  /** The lowest value is white: MONOCHROME1, or an inverse presentation. */
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
    isForProcessing: isForProcessing(dataset),
    saysBurnedIn: readText(dataset, TAGS.burnedInAnnotation) === 'YES',
  };
}

/** PS3.4 B.5: Digital X-Ray, Mammography and Intra-Oral images for processing have classes of their own. */
const FOR_PROCESSING_CLASSES = ['1', '2', '3'].map((kind) => `1.2.840.10008.5.1.4.1.1.1.${kind}.1`);

function isForProcessing(dataset: Dataset): boolean {
  const intent = readText(dataset, TAGS.presentationIntent)?.trim().toUpperCase();
  return (
    intent === 'FOR PROCESSING' || FOR_PROCESSING_CLASSES.includes(readText(dataset, TAGS.sopClass) ?? '')
  );
}

function readUid(dataset: Dataset, tag: number): string | null {
  const uid = readText(dataset, tag);
  return uid && isUid(uid) ? uid : null;
}

/** PS3.5 section 9.1: digits and dots, at most 64 characters. */
export function isUid(text: string): boolean {
  return text.length <= 64 && /^\d+(\.\d+)+$/.test(text);
}

/** Checks everything about a film's pixels that can be known before they are touched. */
export function readPixelFormat(file: Part10, frame?: FrameChoice): PixelFormat | Refusal {
  const format = readFormat(file, frame);
  return typeof format === 'string' ? refuse('select', format) : format;
}

function readFormat(file: Part10, choice: FrameChoice | undefined): PixelFormat | RefusalCode {
  const { dataset } = file;
  const pixelData = findElement(dataset, TAGS.pixelData);
  if (!pixelData || (pixelData.length === 0 && !pixelData.fragments)) return 'NO_PIXEL_DATA';
  const size = readSize(dataset);
  if (typeof size === 'string') return size;
  const frames = chooseFrame(dataset, choice);
  if (typeof frames === 'string') return frames;
  const depth = readDepth(dataset);
  if (typeof depth === 'string') return depth;
  const colour = readColour(dataset);
  if (typeof colour === 'string') return colour;
  if (colour.samplesPerPixel === 3 && depth.signed) return 'UNSUPPORTED_BIT_DEPTH';
  const compressed = file.transferSyntax.codec !== 'native';
  return { ...size, ...frames, ...depth, ...colour, compressed, inverted: isInverted(dataset), pixelData };
}

function readSize(dataset: Dataset): { rows: number; columns: number } | RefusalCode {
  const rows = readWord(dataset, TAGS.rows);
  const columns = readWord(dataset, TAGS.columns);
  if (!rows || !columns) return 'MALFORMED';
  return rows * columns > PIXELS_MAX ? 'TOO_LARGE' : { rows, columns };
}

/** Several frames are several pictures: only one that was asked for is taken. */
function chooseFrame(
  dataset: Dataset,
  choice: FrameChoice | undefined,
): Pick<PixelFormat, 'frames' | 'frame'> | RefusalCode {
  const stated = readDecimal(dataset, TAGS.frames) ?? 1;
  if (!Number.isInteger(stated)) return 'MALFORMED';
  // 0 is a placeholder: such a file holds one frame, unless its offset table says otherwise.
  const frames = stated >= 1 ? stated : countOffsets(dataset);
  if (frames === 1) return { frames, frame: 0 };
  const named = { first: 1, middle: Math.ceil(frames / 2) };
  const wanted = typeof choice === 'string' ? named[choice] : choice;
  const isThere = wanted !== undefined && Number.isInteger(wanted) && wanted >= 1 && wanted <= frames;
  return isThere ? { frames, frame: wanted - 1 } : 'MULTI_FRAME';
}

function countOffsets(dataset: Dataset): number {
  const { basicOffsetTable: { length = 0 } = {} } = findElement(dataset, TAGS.pixelData) ?? {};
  return Math.max(length, 1);
}

/** PS3.3 C.7.6.3.1.2. ICT and RCT are undone by the codec. */
const COLOURS: Record<string, Colour> = {
  MONOCHROME1: 'gray',
  MONOCHROME2: 'gray',
  'PALETTE COLOR': 'palette',
  RGB: 'rgb',
  YBR_ICT: 'rgb',
  YBR_RCT: 'rgb',
  YBR_FULL: 'ybr',
  YBR_FULL_422: 'ybr-422',
};

function readColour(
  dataset: Dataset,
): Pick<PixelFormat, 'colour' | 'samplesPerPixel' | 'planar'> | RefusalCode {
  const photometric = readText(dataset, TAGS.photometric) ?? '';
  if (!Object.hasOwn(COLOURS, photometric)) return 'UNSUPPORTED_PHOTOMETRIC';
  const colour = COLOURS[photometric]!;
  const samplesPerPixel = colour === 'gray' || colour === 'palette' ? 1 : 3;
  if ((readWord(dataset, TAGS.samplesPerPixel) ?? 1) !== samplesPerPixel) return 'COLOUR_NOT_SUPPORTED';
  return { colour, samplesPerPixel, planar: readWord(dataset, TAGS.planarConfiguration) === 1 };
}

/** PS3.3 C.7.6.3.1.2 and C.11.6: the inverse shape repeats what MONOCHROME1 says, it does not take it back. */
function isInverted(dataset: Dataset): boolean {
  const isMonochrome1 = readText(dataset, TAGS.photometric) === 'MONOCHROME1';
  return isMonochrome1 || readText(dataset, TAGS.presentationLutShape) === 'INVERSE';
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
