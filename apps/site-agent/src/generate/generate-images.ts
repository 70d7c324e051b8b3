import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSynthetic } from '@synspine/dicom';
import type { Sampler } from '@synspine/gan';
import { SYNTHETIC_SOURCE_TYPE, SYNTHETIC_XMP } from '@synspine/release';
import { SiteError } from '../site-error.ts';
import { encodeReleased } from '../stages/encode-released.ts';
import { AGENT_VERSION } from '../version.ts';

export type GenerateRequest = {
  sampler: Sampler;
  size: number;
  /** Hash of the weights: with the seed it makes the UIDs, so that two generators never share one. */
  generatorSha256: string;
  label: number;
  className: string;
  count: number;
  psi: number;
  seed: number;
  formats: readonly Format[];
  /** An existing folder. */
  out: string;
  /** Replace files that are there. */
  overwrite: boolean;
  isAudited: boolean;
  onProgress?: (done: number, total: number) => void;
};

export type Format = 'png' | 'dicom';
const ENDINGS: Record<Format, string> = { png: 'png', dicom: 'dcm' };
const BLOCK = 64; // images sampled at once

/**
 * Samples images 0 to `count` of a class and writes each as a file. The next images are sampled while the last ones are
 * encoded. Throws OUTPUT_EXISTS before anything is written.
 */
export async function generateImages(request: GenerateRequest): Promise<void> {
  const { sampler, label, count, psi, seed, size } = request;
  await assertFree(request);
  let writing: Promise<unknown> = Promise.resolve();
  for (let first = 0; first < count; first += BLOCK) {
    const labels = new Uint8Array(Math.min(BLOCK, count - first)).fill(label);
    const images = sampler.sample({ labels, seed, psi, firstIndex: first });
    await writing;
    writing = Promise.all(
      Array.from(labels, (_, i) => {
        const gray = images.subarray(i * size ** 2, (i + 1) * size ** 2);
        return writeImage(request, first + i, gray);
      }),
    );
    writing.catch(() => undefined); // awaited above or below
    request.onProgress?.(first + labels.length, count);
  }
  await writing;
}

async function writeImage(request: GenerateRequest, index: number, gray: Uint8Array): Promise<void> {
  for (const format of request.formats) {
    const bytes =
      format === 'png' ? await encodeReleased(gray, request.size) : encodeDicom(request, index, gray);
    const flag = request.overwrite ? 'w' : 'wx';
    await writeFile(join(request.out, fileName(request, index, format)), bytes, { flag });
  }
}

function encodeDicom(request: GenerateRequest, index: number, gray: Uint8Array): Buffer {
  const { generatorSha256, label, className, psi, seed, size, isAudited } = request;
  const note = isAudited ? '' : ' NOT PRIVACY-AUDITED: do not pass on.';
  return encodeSynthetic({
    gray,
    size,
    uidSeed: [generatorSha256, seed, index, label, psi].join('/'),
    className,
    derivation: `Sampled from a generative network: seed ${seed}, index ${index}, truncation ${psi}.${note}`,
    softwareVersion: AGENT_VERSION,
    sourceType: { uri: SYNTHETIC_SOURCE_TYPE, xmp: SYNTHETIC_XMP },
  });
}

/** Says what the image is, and whether it may be passed on, without opening it. */
function fileName({ className, seed, isAudited }: GenerateRequest, index: number, format: Format): string {
  const name = className.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const number = String(index).padStart(6, '0');
  return `${isAudited ? '' : 'unaudited-'}synthetic-${name}-${seed}-${number}.${ENDINGS[format]}`;
}

async function assertFree(request: GenerateRequest): Promise<void> {
  if (request.overwrite) return;
  const present = new Set(await readdir(request.out));
  for (let index = 0; index < request.count; index++) {
    const isTaken = request.formats.some((format) => present.has(fileName(request, index, format)));
    if (isTaken) throw new SiteError('OUTPUT_EXISTS');
  }
}
