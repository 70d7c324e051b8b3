import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initCompute } from '@synspine/compute';
import { presets } from '@synspine/gan';
import type { ReleaseManifest } from '@synspine/protocol';
import { markSynthetic, type ShardImage } from '@synspine/release';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../release.fixture.ts';
import { checkContents } from './check-contents.ts';
import { makeRelease, makeWeights, SIZE, type Tampering } from './release.fixture.ts';

beforeAll(() => void initCompute({ threads: 2 }));

const TAMPER = fileURLToPath(new URL('./tamper.fixture.py', import.meta.url));
function python(kind: 'png' | 'weights', how: string) {
  return (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(execFileSync('python3', [TAMPER, kind, how], { input: bytes, maxBuffer: 2 ** 28 }));
}
/** Alters one image of a release and leaves the others. */
const oneImage = (how: string): Tampering => ({
  rows: (rows) => rows.map((row, i) => (i === 7 ? { ...row, png: python('png', how)(row.png) } : row)),
});
const rows = (change: (rows: ShardImage[]) => ShardImage[]): Tampering => ({ rows: change });
const replaceRow = (at: number, change: (row: ShardImage) => Partial<ShardImage>) =>
  rows((all) => all.map((row, i) => (i === at ? { ...row, ...change(row) } : row)));

/** `pass`, or the code with which a release ends. */
async function check(
  tampering: Tampering = {},
  made: Parameters<typeof makeRelease>[1] = {},
): Promise<string> {
  const { dir: folder, manifest } = await makeRelease(await temporaryFolder(), made, tampering);
  return verdictOf(folder, manifest);
}
function verdictOf(folder: string, manifest: ReleaseManifest, others: string[] = []): Promise<string> {
  return checkContents({ folder, manifest, others }).then(
    () => 'pass',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

it('lets a release pass that is what its manifest says', async () => {
  expect(await check()).toBe('pass');
});

describe('rows that are not the manifest’s', () => {
  it.each<[string, Tampering, string]>([
    ['with one label swapped', replaceRow(3, () => ({ label: 'abnormal' })), 'CONTENT_LABELS'],
    [
      'with two labels swapped, so that the counts are right',
      rows((all) =>
        all.map((row, i) =>
          i === 3 ? { ...row, label: 'abnormal' } : i === 60 ? { ...row, label: 'normal' } : row,
        ),
      ),
      'CONTENT_LABELS',
    ],
    ['with one row missing', rows((all) => all.slice(1)), 'CONTENT_ROW_COUNT'],
    ['with one row more', rows((all) => [...all, { ...all[0]!, index: 3 }]), 'CONTENT_ROW_COUNT'],
    ['with an index that comes twice', replaceRow(3, () => ({ index: 0 })), 'CONTENT_INDICES'],
    ['with a candidate that the filters rejected', replaceRow(1, () => ({ index: 1 })), 'CONTENT_INDICES'],
    ['with a candidate that was never drawn', replaceRow(1, () => ({ index: 100 })), 'CONTENT_INDICES'],
  ])('%s end in quarantine', async (_, tampering, code) => {
    expect(await check(tampering)).toBe(code);
  });
});

describe('a shard', () => {
  const FOOTER = 8; // the metadata's length, and PAR1
  it.each<[string, (shard: Buffer) => Buffer]>([
    ['in place of its first bytes', (shard) => Buffer.concat([Buffer.from('ZZCA'), shard.subarray(4)])],
    [
      'after the end of its metadata',
      (shard) => {
        const footer = Buffer.from(shard.subarray(-FOOTER));
        footer.writeUInt32LE(footer.readUInt32LE(0) + 8, 0);
        return Buffer.concat([shard.subarray(0, -FOOTER), Buffer.from('ZZCANARY'), footer]);
      },
    ],
  ])('that holds text %s quarantines its release', async (_, change) => {
    const { dir, manifest } = await makeRelease(await temporaryFolder());
    const { name } = manifest.files.find(({ kind }) => kind === 'images')!;
    await writeFile(join(dir, name), change(await readFile(join(dir, name))));
    expect(await verdictOf(dir, manifest)).toBe('CONTENT_PARQUET_SCHEMA');
  });
});

describe('an image', () => {
  it.each([
    ['text', 'CONTENT_PNG_CHUNKS'],
    ['second mark', 'CONTENT_PNG_CHUNKS'],
    ['rgb', 'CONTENT_PNG_FORMAT'],
    ['after the end', 'CONTENT_PNG_DAMAGED'],
    ['after the stream', 'CONTENT_PNG_DAMAGED'],
    ['wrong crc', 'CONTENT_PNG_DAMAGED'],
    ['in the end', 'CONTENT_PNG_DAMAGED'],
    ['empty pixels', 'CONTENT_PNG_DAMAGED'],
    ['empty blocks', 'CONTENT_PNG_DAMAGED'],
    ['mark last', 'CONTENT_PNG_CHUNKS'],
    ['exiftool', 'CONTENT_PNG_MARK'],
    ['unmarked', 'CONTENT_PNG_UNMARKED'],
    ['old agent', 'CONTENT_PNG_UNMARKED'],
    ['creator', 'CONTENT_PNG_MARK'],
    ['photograph', 'CONTENT_PNG_MARK'],
    ['one pixel', 'CONTENT_NOT_REGENERATED'],
  ])('altered by another program (%s) quarantines its release: %s', async (how, code) => {
    expect(await check(oneImage(how))).toBe(code);
  });

  it('compressed by another program passes', async () => {
    expect(await check(oneImage('again'))).toBe('pass');
  });

  it('of another size, or none at all, quarantines its release', async () => {
    const small = await sharp(Buffer.alloc(256), { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toBuffer();
    expect(await check(replaceRow(5, () => ({ png: small })))).toBe('CONTENT_PNG_FORMAT');
    expect(await check(replaceRow(5, () => ({ png: randomBytes(400) })))).toBe('CONTENT_PNG_DAMAGED');
  });

  it('that the weights don’t draw quarantines its release', async () => {
    const other = await makeRelease(await temporaryFolder(), { seed: 2 });
    const { gray } = other.drawn[9]!;
    const png = await sharp(gray, { raw: { width: SIZE, height: SIZE, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(await check(replaceRow(9, () => ({ png: markSynthetic(png) })))).toBe('CONTENT_NOT_REGENERATED');
  });
});

describe('a grid', () => {
  it.each([
    ['in colour', 'rgb', 'CONTENT_GRID'],
    ['that shows what is in no shard', 'one pixel', 'CONTENT_GRID'],
    ['with text in it', 'text', 'CONTENT_PNG_CHUNKS'],
  ])('%s quarantines its release', async (_, how, code) => {
    expect(await check({ grid: python('png', how) })).toBe(code);
  });
});

describe('weights', () => {
  it.each<[string, (weights: Uint8Array) => Uint8Array, string]>([
    ['with an extra tensor', python('weights', 'extra tensor'), 'CONTENT_WEIGHTS_ARCHITECTURE'],
    ['of another preset', () => makeWeights(1, presets['demo-64']), 'CONTENT_WEIGHTS_ARCHITECTURE'],
    ['that are not finite', python('weights', 'infinity'), 'CONTENT_WEIGHTS_ARCHITECTURE'],
    ['with a text beside them', python('weights', 'text'), 'CONTENT_WEIGHTS_HEADER'],
    ['of another training', () => makeWeights(2), 'CONTENT_NOT_REGENERATED'],
  ])('%s quarantine their release', async (_, weights, code) => {
    expect(await check({ weights })).toBe(code);
  });

  it('of a preset that nobody here knows quarantine their release', async () => {
    expect(await check({ manifest: (m) => ({ ...m, preset: 'own-32' }) })).toBe('CONTENT_PRESET_UNKNOWN');
  });
});

describe('random bytes under the right names', () => {
  it.each([
    ['images-00000.parquet', 'CONTENT_PARQUET_SCHEMA'],
    ['generator.safetensors', 'CONTENT_WEIGHTS_HEADER'],
    ['grid.png', 'CONTENT_GRID'],
  ])('(%s) end in quarantine: %s', async (name, code) => {
    const { dir, manifest } = await makeRelease(await temporaryFolder());
    await writeFile(join(dir, name), randomBytes(5_000));
    expect(await verdictOf(dir, manifest)).toBe(code);
  });

  it('between a shard’s columns and its end are found, where no reader would look', async () => {
    const { dir, manifest } = await makeRelease(await temporaryFolder());
    const shard = await readFile(join(dir, 'images-00000.parquet'));
    const footer = shard.length - 8 - shard.readUInt32LE(shard.length - 8);
    const hidden = Buffer.concat([shard.subarray(0, footer), randomBytes(64), shard.subarray(footer)]);
    await writeFile(join(dir, 'images-00000.parquet'), hidden);
    expect(await verdictOf(dir, manifest)).toBe('CONTENT_PARQUET_SCHEMA');
  });
});

async function encodeAgain(png: Uint8Array): Promise<Uint8Array> {
  const options = { compressionLevel: 0, adaptiveFiltering: false };
  return markSynthetic(await sharp(png).toColourspace('b-w').png(options).toBuffer());
}

describe('a release that repeats another site’s images', () => {
  it('pixel by pixel, in files compressed otherwise, ends in quarantine, and a site’s own next release does not', async () => {
    const alder = await makeRelease(await temporaryFolder());
    const fingerprints = await checkContents({ folder: alder.dir, manifest: alder.manifest, others: [] });
    const known = join(await temporaryFolder(), 'alder');
    await writeFile(known, fingerprints);
    const again: Tampering = {
      rows: (all) => Promise.all(all.map(async (row) => ({ ...row, png: await encodeAgain(row.png) }))),
    };
    const birch = await makeRelease(await temporaryFolder(), { siteId: 'birch' }, again);
    expect(await verdictOf(birch.dir, birch.manifest, [known])).toBe('CONTENT_REPEATS_SITE');
    const cedar = await makeRelease(await temporaryFolder(), { siteId: 'cedar', weightsSeed: 3 });
    expect(await verdictOf(cedar.dir, cedar.manifest, [known])).toBe('pass');
  });

  it('altered by a lossy format, and under weights of its own, ends in quarantine as such', async () => {
    const alder = await makeRelease(await temporaryFolder());
    const known = join(await temporaryFolder(), 'alder');
    await writeFile(known, await checkContents({ folder: alder.dir, manifest: alder.manifest, others: [] }));
    const jpeg = async (row: ShardImage) => {
      const lossy = await sharp(row.png).jpeg({ quality: 90 }).toBuffer();
      return { ...row, png: markSynthetic(await sharp(lossy).toColourspace('b-w').png().toBuffer()) };
    };
    for (const weightsSeed of [1, 3]) {
      const stolen: Tampering = {
        rows: (all) => Promise.all(all.map((row, i) => jpeg({ ...row, png: alder.honest[i]!.png }))),
      };
      const birch = await makeRelease(await temporaryFolder(), { siteId: 'birch', weightsSeed }, stolen);
      expect(await verdictOf(birch.dir, birch.manifest, [known])).toBe('CONTENT_GRID');
      const { files, ...rest } = birch.manifest;
      const withoutGrid = { ...rest, files: files.filter(({ kind }) => kind !== 'grid') };
      expect(await verdictOf(birch.dir, withoutGrid, [known])).toBe('CONTENT_REPEATS_SITE');
    }
  });
});
