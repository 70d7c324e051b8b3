import type { FilmContent } from './selection/select-film.ts';

/** Where a film was turned away: reading its tags, decoding its pixels, or choosing what to train on. */
export type RefusalStage = 'parse' | 'decode' | 'select';

/** What each refusal means and what a hospital can do about it. No text here may name a file, a tag's value or a patient. */
export const REFUSALS = {
  FILE_UNREADABLE: 'The file could not be opened. Check that it still exists and that the agent may read it.',
  NOT_DICOM: 'The file has no DICOM preamble. Export it as a DICOM Part 10 file.',
  TRUNCATED: 'The file ends before its data does. Send it again from the archive.',
  MALFORMED: 'The data set breaks the DICOM encoding rules. Have the archive export it again.',
  MEDIA_DIRECTORY:
    'The file is a DICOMDIR: it names the films of a medium and is none itself. Nothing to do, unless films are FILE_MISSING.',
  NESTED_TOO_DEEP:
    'Sequences are nested deeper than 64 levels. No radiograph needs that; check where the file came from.',
  TOO_MANY_ITEMS:
    'The data set holds more than 100,000 elements and items. No radiograph needs that; check where the file came from.',
  TOO_LARGE:
    'The film is larger than 64 megapixels, or its data than 160 MiB. Export it at its acquired size.',
  INFLATE_FAILED: 'The deflated data set can not be inflated. Send it again, or export it without deflate.',
  MISSING_UID:
    'A valid SOP Instance UID or Study Instance UID is missing. Export the film from the archive again.',
  MODALITY_NOT_ACCEPTED:
    'The site’s selection takes plain radiographs (CR, DX, RG). Select radiographs in the export.',
  FOR_PROCESSING:
    'The file holds raw data of the detector (FOR PROCESSING), which nobody reads. Export the film FOR PRESENTATION.',
  REGION_NOT_ACCEPTED:
    'The film says that it shows another part of the body than the site selects. Select films of the spine in the export.',
  REGION_UNKNOWN:
    'The film does not say which part of the body it shows. Accept unknown regions in selection.json, or have the archive add Body Part Examined.',
  VIEW_NOT_ACCEPTED: 'The film has another view than the site selects. Accept that view in selection.json.',
  VIEW_UNKNOWN:
    'The film does not say from where it was taken. Accept unknown views in selection.json, or have the archive add View Position.',
  BURNED_IN_TEXT:
    'Text that could name a patient is burned into the pixels. Export the original, without annotations.',
  MULTI_FRAME: 'The file holds several frames. Export each radiograph as a film of its own.',
  NO_PIXEL_DATA: 'The file holds no pixel data. Export the image itself, not its report or reference.',
  TOO_SMALL:
    'The smaller side has fewer pixels than the site selects (128 unless selection.json says so). Export the full film, not its thumbnail.',
  COLOUR_NOT_SUPPORTED: 'The film is in colour. Export the original gray-scale radiograph.',
  PALETTE_NOT_SUPPORTED:
    'The palette of the film is missing, segmented or invalid. Export the original gray-scale radiograph.',
  UNSUPPORTED_PHOTOMETRIC:
    'The photometric interpretation is none of a radiograph. Export the original in MONOCHROME1 or MONOCHROME2.',
  UNSUPPORTED_BIT_DEPTH:
    'Pixels must be stored in 8 to 16 bits, in the low bits of 1 or 2 bytes. Export the film uncompressed.',
  UNSUPPORTED_TRANSFER_SYNTAX:
    'This compression is not supported. Export the film uncompressed or in JPEG lossless.',
  BAD_PIXEL_LENGTH:
    'The pixel data is shorter or longer than the rows and columns say. Send the film again from the archive.',
  PIXEL_HEADER_MISMATCH:
    'The compressed image contradicts the tags that describe it (size, depth or sign). Export the film uncompressed.',
  DECODE_FAILED: 'The compressed pixels can not be decoded. Send the film again, or export it uncompressed.',
  BAD_LOOKUP_TABLE: 'A modality or VOI lookup table of the film is invalid. Export the film without it.',
  BAD_WINDOW:
    'The rescale slope or intercept of the film is invalid. Correct it, or export the film without.',
  NO_CONTRAST: 'All pixels show the same gray. Check the exposure and the window of the film.',
  PARSER_TIMEOUT: 'Reading took too long and was stopped. Export the film uncompressed.',
  PARSER_CRASHED:
    'The reader ended while it read this film. Export the film uncompressed, and report this code.',
  PARSER_OUT_OF_MEMORY: 'Reading took too much memory and was stopped. Export the film uncompressed.',
} as const satisfies Record<string, string>;

export type RefusalCode = keyof typeof REFUSALS;

/** What was known about a film when it was refused, for the site's own eyes: `pixelSha256` is that of Film. */
export type KnownFacts = Partial<FilmContent> & {
  sopInstanceUid?: string;
  rows?: number;
  columns?: number;
  pixelSha256?: string;
  /** Of a DICOMDIR: the files that it names, relative to its folder. */
  namedFiles?: string[];
};

/** A film that is not used, and why. A value, never an exception: one bad film must not stop a hospital's import. */
export type Refusal = { ok: false; code: RefusalCode; stage: RefusalStage; facts?: KnownFacts };

export function refuse(stage: RefusalStage, code: RefusalCode): Refusal {
  return { ok: false, code, stage };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { ok?: unknown }).ok === false;
}
