import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseFile } from '@synspine/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleRelease, verifyFiles } from './bundle.ts';
import { readShard, type ShardImage, writeShards } from './shards.ts';

const classNames = ['normal', 'abnormal'];
const images = (count: number): ShardImage[] =>
  Array.from({ length: count }, (_, index) => ({
    png: Uint8Array.from({ length: 40 + index }, (_, i) => (i * 7 + index) % 256),
    label: classNames[index % 2]!,
    index,
  }));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'release-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('image shards', () => {
  it('give back every image, label and index, from a list or a stream', async () => {
    async function* stream() {
      yield* images(25);
    }
    const files = await writeShards({ images: stream(), classNames, dir, rowsPerShard: 10 });
    expect(files.map((f) => f.name)).toEqual([0, 1, 2].map((n) => `images-0000${n}.parquet`));
    const shards = await Promise.all(files.map(async (f) => readShard(await readFile(join(dir, f.name)))));
    expect(shards.flatMap((s) => s.images)).toEqual(images(25));
    expect(shards.map((s) => s.classNames)).toEqual([classNames, classNames, classNames]);
  });

  it('are the same bytes for the same images', async () => {
    const other = await mkdtemp(join(tmpdir(), 'release-'));
    try {
      const options = { images: images(2_500), classNames, rowsPerShard: 2_000 };
      const [first, second] = [
        await writeShards({ ...options, dir }),
        await writeShards({ ...options, dir: other }),
      ];
      expect(first).toEqual(second);
      expect(first).toHaveLength(2);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it('leave no temporary file, and list the size and hash that are on disk', async () => {
    const files = await writeShards({ images: images(3), classNames, dir, rowsPerShard: 10 });
    expect(await readdir(dir)).toEqual(['images-00000.parquet']);
    expect(await bundleRelease(dir)).toEqual(files);
  });

  it('carry the Hugging Face features as metadata, with an optional label', async () => {
    const { parquetMetadataAsync } = await import('hyparquet');
    await writeShards({ images: images(3), classNames, dir, rowsPerShard: 10 });
    const bytes = await readFile(join(dir, 'images-00000.parquet'));
    const metadata = await parquetMetadataAsync(new Uint8Array(bytes).buffer);
    const info = JSON.parse(metadata.key_value_metadata!.find((k) => k.key === 'huggingface')!.value!);
    expect(info.info.features.label).toEqual({ names: classNames, _type: 'ClassLabel' });
    expect(metadata.schema.find((s) => s.name === 'label')?.repetition_type).toBe('OPTIONAL');
  });

  it('refuse a label that is no class', async () => {
    const bad = [{ ...images(1)[0]!, label: 'patient' }];
    await expect(writeShards({ images: bad, classNames, dir, rowsPerShard: 10 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('are refused with a typed error when they are cut, empty or something else', async () => {
    await writeShards({ images: images(30), classNames, dir, rowsPerShard: 100 });
    const bytes = await readFile(join(dir, 'images-00000.parquet'));
    for (const bad of [
      bytes.subarray(0, 1_000),
      bytes.subarray(500),
      Buffer.alloc(0),
      Buffer.from('PAR1PAR1'),
    ])
      await expect(readShard(bad)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('a release folder', () => {
  let files: ReleaseFile[];
  beforeEach(async () => {
    await writeShards({ images: images(20), classNames, dir, rowsPerShard: 10 });
    await writeFile(join(dir, 'generator.safetensors'), 'weights');
    await writeFile(join(dir, 'grid.png'), 'grid');
    files = await bundleRelease(dir);
  });

  it('is listed by name with each file’s kind, and verifies against that list', async () => {
    expect(files.map((f) => f.kind)).toEqual(['generator', 'grid', 'images', 'images']);
    await writeFile(join(dir, 'manifest.jws'), 'a.b.c');
    await expect(verifyFiles(dir, { files })).resolves.toBeUndefined();
  });

  it('may be checked for its images alone', async () => {
    await rm(join(dir, 'generator.safetensors'));
    await rm(join(dir, 'grid.png'));
    await expect(verifyFiles(dir, { files }, ['images'])).resolves.toBeUndefined();
    await expect(verifyFiles(dir, { files })).rejects.toMatchObject({ code: 'RELEASE_INCOMPLETE' });
  });

  it('is compared as far as it is there, with the images needed and no other file allowed', async () => {
    await rm(join(dir, 'grid.png'));
    const verify = () => verifyFiles(dir, { files }, ['images']);
    await expect(verify()).resolves.toBeUndefined();
    await writeFile(join(dir, 'generator.safetensors'), 'wEights');
    await expect(verify()).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH' });
    await writeFile(join(dir, 'generator.safetensors'), 'weights');
    await writeFile(join(dir, 'other.safetensors'), 'weights');
    await expect(verify()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('is refused with a file too many, a byte too few, and a byte changed', async () => {
    await writeFile(join(dir, 'grid.png'), 'gRid');
    await expect(verifyFiles(dir, { files })).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH' });
    await writeFile(join(dir, 'grid.png'), 'grid');
    await expect(verifyFiles(dir, { files })).resolves.toBeUndefined();
    await writeFile(join(dir, 'extra.png'), 'x');
    await expect(verifyFiles(dir, { files })).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    await rm(join(dir, 'extra.png'));
    await truncate(join(dir, 'images-00001.parquet'), 100);
    await expect(verifyFiles(dir, { files })).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH' });
  });

  it('is refused when a file became a link, even to the same bytes', async () => {
    await writeFile(join(tmpdir(), 'release-grid-copy'), 'grid');
    await rm(join(dir, 'grid.png'));
    await symlink(join(tmpdir(), 'release-grid-copy'), join(dir, 'grid.png'));
    await expect(verifyFiles(dir, { files })).rejects.toMatchObject({ code: 'RELEASE_INCOMPLETE' });
    await expect(bundleRelease(dir)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    await rm(join(tmpdir(), 'release-grid-copy'));
  });

  it('can’t be bundled with a file that no release holds', async () => {
    await writeFile(join(dir, '.hidden.png'), 'x');
    await expect(bundleRelease(dir)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    await rm(join(dir, '.hidden.png'));
    await writeFile(join(dir, 'film.dcm'), 'x');
    await expect(bundleRelease(dir)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});
