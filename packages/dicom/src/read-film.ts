import { createHash } from 'node:crypto';
import { readPart10 } from './dataset/read-part10.ts';
import { decodePixels } from './decode/decode-pixels.ts';
import type { StoredPixels } from './decode/stored-pixels.ts';
import { renderForDisplay } from './display/render-for-display.ts';
import { type FilmIdentity, type FrameChoice, readIdentity, readPixelFormat } from './film-header.ts';
import { isRefusal, type Refusal, refuse } from './refusals.ts';
import { readMediaDirectory } from './selection/media-directory.ts';
import { readTurns, turnPicture } from './selection/orientation.ts';
import {
  DEFAULT_SELECTION,
  type FilmContent,
  readContent,
  type SelectionPolicy,
  selectFilm,
} from './selection/select-film.ts';

/** What is known about a film beside its pixels. Holds patient data: never logged, never sent, never written outside the site. */
export type FilmFacts = FilmIdentity &
  FilmContent & {
    transferSyntax: string;
    rows: number;
    columns: number;
    /**
     * Hex SHA-256 of the stored values after decoding and before any lookup table: row-major, 1 or 2 bytes little endian
     * by Bits Allocated, two's complement where signed. The same film has the same hash in every lossless compression.
     */
    pixelSha256: string;
  };

/** One radiograph of one patient. */
export type Film = FilmFacts & {
  ok: true;
  /**
   * rows·columns, row-major, 0 (black) to 255 (white) as a viewer shows the film: turned, and rows and columns with it, where
   * it lies on its side.
   */
  pixels: Uint8Array;
};

/** What is not set is as in {@link DEFAULT_SELECTION}. */
export type ReadFilmOptions = Partial<SelectionPolicy> & {
  /** Of a film of several frames; without it, such a film is refused. */
  frame?: FrameChoice;
};

/**
 * Reads one DICOM radiograph from untrusted bytes.
 *
 * Never throws for bad input: whatever is wrong with a film is a refusal with a code from REFUSALS, and with what was
 * known of the film by then. An unwanted film is decoded, too, so that the site can tell by its hash which it was. Sizes
 * are checked before memory is taken for them. Run it in a child process (createFilmReader) when the bytes come from
 * outside.
 */
export async function readFilm(bytes: Uint8Array, options: ReadFilmOptions = {}): Promise<Film | Refusal> {
  const file = await readPart10(bytes);
  if (isRefusal(file)) return file;
  const namedFiles = readMediaDirectory(file.dataset);
  if (namedFiles) return { ...refuse('parse', 'MEDIA_DIRECTORY'), facts: { namedFiles } };
  const identity = readIdentity(file.dataset);
  if (isRefusal(identity)) return identity;
  const format = readPixelFormat(file, options.frame);
  const content = readContent(file.dataset);
  const policy = { ...DEFAULT_SELECTION, ...options };
  const unwanted = selectFilm(identity, content, isRefusal(format) ? null : format, policy);
  const known = { sopInstanceUid: identity.sopInstanceUid, ...content };
  if (isRefusal(format)) return { ...(unwanted ?? format), facts: known };
  const size = { rows: format.rows, columns: format.columns };
  const stored = await decodePixels(file, format);
  if (isRefusal(stored)) return { ...(unwanted ?? stored), facts: { ...known, ...size } };
  const facts = { ...known, ...size, pixelSha256: hashPixels(stored) };
  if (unwanted) return { ...unwanted, facts };
  const pixels = renderForDisplay(stored, file.dataset, format);
  if (typeof pixels === 'string') return { ...refuse('decode', pixels), facts };
  const upright = turnPicture({ ...size, pixels }, readTurns(file.dataset));
  return { ok: true, ...identity, ...facts, transferSyntax: file.transferSyntaxUid, ...upright };
}

/** Every platform that Node 20 runs on stores typed arrays little endian. */
function hashPixels(stored: StoredPixels): string {
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
