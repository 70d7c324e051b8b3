import { createHash } from 'node:crypto';
import { readPart10 } from './dataset/read-part10.ts';
import { decodePixels } from './decode/decode-pixels.ts';
import type { StoredPixels } from './decode/stored-pixels.ts';
import { renderForDisplay } from './display/render-for-display.ts';
import { DEFAULT_MODALITIES, type FilmIdentity, readFilmHeader } from './film-header.ts';
import { isRefusal, type Refusal, refuse } from './refusals.ts';

/** One radiograph of one patient. Holds patient data: never logged, never sent, never written outside the site. */
export type Film = FilmIdentity & {
  ok: true;
  transferSyntax: string;
  rows: number;
  columns: number;
  /**
   * Hex SHA-256 of the stored values after decoding and before any lookup table: row-major, 1 or 2 bytes little endian
   * by Bits Allocated, two's complement where signed. The same film has the same hash in every lossless compression.
   */
  pixelSha256: string;
  /** rows·columns, row-major, 0 (black) to 1 (white) as a viewer shows the film. */
  pixels: Float32Array;
};

export type ReadFilmOptions = { modalities?: readonly string[] };

/**
 * Reads one DICOM radiograph from untrusted bytes.
 *
 * Never throws for bad input: whatever is wrong with a film is a refusal with a code from REFUSALS. Sizes are checked
 * before memory is taken for them. Run it in a child process (createFilmReader) when the bytes come from outside.
 */
export async function readFilm(bytes: Uint8Array, options: ReadFilmOptions = {}): Promise<Film | Refusal> {
  const file = await readPart10(bytes);
  if (isRefusal(file)) return file;
  const header = readFilmHeader(file, options.modalities ?? DEFAULT_MODALITIES);
  if (isRefusal(header)) return header;
  const stored = await decodePixels(file, header);
  if (isRefusal(stored)) return stored;
  const pixels = renderForDisplay(stored, file.dataset, header);
  if (typeof pixels === 'string') return refuse('decode', pixels);
  const { sopInstanceUid, studyInstanceUid, patientId, accessionNumber, modality, viewPosition, bodyPart } =
    header;
  return {
    ok: true,
    ...{ sopInstanceUid, studyInstanceUid, patientId, accessionNumber, modality, viewPosition, bodyPart },
    transferSyntax: file.transferSyntaxUid,
    rows: header.rows,
    columns: header.columns,
    pixelSha256: hashPixels(stored),
    pixels,
  };
}

/** Every platform that Node 20 runs on stores typed arrays little endian. */
function hashPixels(stored: StoredPixels): string {
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
