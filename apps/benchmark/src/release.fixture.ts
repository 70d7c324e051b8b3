import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestAudit, judgedByReference } from '@synspine/audit-rules/honest-audit.fixture';
import { writeSafetensors } from '@synspine/compute';
import type { ReleaseManifest } from '@synspine/protocol';
import { bundleRelease, type ShardImage, writeFileAtomic, writeShards } from '@synspine/release';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';

const CLASS_NAMES = ['normal', 'abnormal'];
const STRIDE = 4_096;

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synspine-benchmark-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A bright column on a noisy ground, straight (normal) or bent (abnormal), as PNG. */
export async function drawFilm(index: number, size: number, bent: boolean): Promise<Uint8Array> {
  const pixels = new Uint8Array(size * size);
  const noise = (i: number) => 30 * Math.abs(Math.sin((index * 7919 + i) * 12.9898));
  const bend = (bent ? 0.18 : 0.02) * size * (index % 4 < 2 ? 1 : -1);
  for (let y = 0; y < size; y++) {
    const axis = size / 2 + bend * (Math.sin((Math.PI * y) / size) - 0.5) + Math.sin(index);
    for (let x = 0; x < size; x++)
      pixels[y * size + x] = 20 + noise(y * size + x) + 180 * Math.exp(-(((x - axis) / (size * 0.08)) ** 2));
  }
  const image = sharp(pixels, { raw: { width: size, height: size, channels: 1 } }).toColourspace('b-w');
  return new Uint8Array(await image.png().toBuffer());
}

/** `perClass` images of each class, alternating. */
export async function drawFilms(perClass: number, size: number, first = 0): Promise<ShardImage[]> {
  return Promise.all(
    Array.from({ length: 2 * perClass }, async (_, i) => ({
      png: await drawFilm(first + i, size, i % 2 === 1),
      label: CLASS_NAMES[i % 2]!,
      index: (i % 2) * STRIDE + (i >> 1),
    })),
  );
}

/** Writes a release's files to `dir` and returns the manifest that fits them; `change` replaces whole fields. */
export async function writeRelease(
  dir: string,
  images: ShardImage[],
  imageSize: number,
  change: Partial<ReleaseManifest> = {},
  rowsPerShard = 50,
): Promise<ReleaseManifest> {
  await mkdir(dir, { recursive: true });
  const classNames = [...new Set(images.map(({ label }) => label))];
  await writeShards({ images, classNames, dir, rowsPerShard });
  await writeFileAtomic(
    join(dir, 'generator.safetensors'),
    writeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } }),
  );
  const imagesPerClass = CLASS_NAMES.map((name) => images.filter((image) => image.label === name).length);
  const counts = { train: 300, validation: 50, heldOut: 120 };
  return {
    schema: 'synspine.release/1',
    siteId: 'alder',
    version: 1,
    runId: 'run-0000000001',
    createdAt: '2026-01-02T03:04:05.000Z',
    agentVersion: '0.2.0',
    tensorflowVersion: '2.21.0',
    preset: 'test',
    imageSize,
    classNames: CLASS_NAMES,
    synthetic: {
      ...{ seed: 1, psi: 1, imagesPerClass },
      candidates: {
        stride: STRIDE,
        classes: imagesPerClass.map((drawn) => ({ drawn, rejected: '', rejections: [] })),
      },
    },
    lineage: {
      ...{ presetVersion: 1, ganLoss: 'logistic', precision: 'float32', seed: 1, imagesPlanned: 1_000 },
      ...{ judge: null, ancestors: [], origin: 'random' },
    },
    training: { loss: 'gan', imagesShown: 1_000, fit: 'squeeze', films: counts, patients: counts },
    holdOutCommitment: 'a'.repeat(64),
    quality: { imageSize, scores: [] },
    audit: honestAudit({ ...judgedByReference, imageSize }),
    files: await bundleRelease(dir),
    ...change,
  };
}
