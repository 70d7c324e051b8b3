import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensurePydicom } from '../pydicom/ensure-pydicom.mjs';
import { readPart10 } from './dataset/read-part10.ts';
import { decodePixels } from './decode/decode-pixels.ts';
import type { StoredPixels } from './decode/stored-pixels.ts';
import { readPixelFormat } from './film-header.ts';
import { readFilm } from './read-film.ts';
import { isRefusal } from './refusals.ts';

/** Small inputs that were once read wrongly, where a developer has them beside the repository. They are no part of it. */
const folder = resolve(import.meta.dirname, '../../../../shared/data/faults');
const read = (name: string) => readFilm(readFileSync(join(folder, name)));

const SCRIPT =
  'import json,pydicom,sys;print(json.dumps(pydicom.dcmread(sys.argv[1]).pixel_array.ravel().tolist()))';

/** Stored values by pydicom. */
async function readInPydicom(name: string): Promise<number[]> {
  const args = ['-W', 'ignore', '-c', SCRIPT, join(folder, name)];
  return JSON.parse(
    execFileSync(await ensurePydicom(), args, { encoding: 'utf8', maxBuffer: 2 ** 26 }),
  ) as number[];
}

/** Stored values by our decoders. */
async function decode(name: string): Promise<StoredPixels> {
  const file = await readPart10(readFileSync(join(folder, name)));
  if (isRefusal(file)) throw new Error(file.code);
  const format = readPixelFormat(file);
  if (isRefusal(format)) throw new Error(format.code);
  const stored = await decodePixels(file, format);
  if (isRefusal(stored)) throw new Error(stored.code);
  return stored;
}

function largestDifference(ours: StoredPixels, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  return theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0);
}

describe.runIf(existsSync(folder))('films that were read wrongly', () => {
  it.each([
    ['F01_jpeg_padded_with_space.dcm', 1], // decoders of lossy JPEG may round otherwise
    ['F02_j2k_psot0_odd_padded.dcm', 0],
    ['F02b_j2k_psot0_even_control.dcm', 0],
    ['F03_control_jpeg12.dcm', 1],
    ['F05_window_0_0.dcm', 0],
    ['F06_bodypart_COLUMNA_LUMBAR.dcm', 0],
    ['F06_bodypart_LUMBAR.dcm', 0],
    ['F07_trailing_zeros.dcm', 0],
    ['F10_frames_0.dcm', 0],
    ['F16_films/IM00.dcm', 0],
    ['F17_same_name_two_folders/A/IM000001', 0],
  ])(
    'are of the spine and have the pixels that pydicom has: %s',
    { timeout: 300_000 },
    async (name, most) => {
      expect(await read(name)).toMatchObject({ ok: true, region: 'spine' });
      expect(largestDifference(await decode(name), await readInPydicom(name))).toBeLessThanOrEqual(most);
    },
  );

  it('show JPEG of 12 bits whose scan names no band as they show the one that does', async () => {
    const [film, control] = ['F03_jpeg12_sos_Se0.dcm', 'F03_control_jpeg12.dcm'];
    expect(largestDifference(await decode(film), [...(await decode(control))])).toBe(0);
  });

  it('are refused where they are raw data of a detector', async () => {
    expect(await read('F12_for_processing.dcm')).toMatchObject({ ok: false, code: 'FOR_PROCESSING' });
  });
});
