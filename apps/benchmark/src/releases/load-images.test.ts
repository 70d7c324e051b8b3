import type { ReleaseManifest } from '@synspine/protocol';
import type { ShardImage } from '@synspine/release';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawFilm, drawFilms, temporaryFolder, writeRelease } from '../release.fixture.ts';
import { loadImages } from './load-images.ts';

async function load(images: ShardImage[], change: Partial<ReleaseManifest> = {}) {
  const dir = await temporaryFolder();
  const manifest = await writeRelease(dir, images, 16, change);
  return loadImages({
    manifest,
    manifestSha256: 'b'.repeat(64),
    publishedAt: '2026-01-02T03:04:05.000Z',
    dir,
  });
}
const invalid = expect.objectContaining({ code: 'IMAGES_INVALID' });

describe('loading a release’s images', () => {
  it('gives the gray values, class numbers and indices of every shard', async () => {
    const films = await drawFilms(40, 16);
    const loaded = await load(films);
    expect(loaded.images).toHaveLength(80 * 256);
    expect([...loaded.labels.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    expect([...loaded.indices]).toEqual(films.map((film) => film.index));
    const last = await sharp(films[79]!.png).toColourspace('b-w').raw().toBuffer();
    expect(Buffer.from(loaded.images.subarray(79 * 256)).equals(last)).toBe(true);
  });

  it('takes abnormal as class 1 in whatever order a manifest names the classes', async () => {
    const films = await drawFilms(5, 16);
    const change = { classNames: ['abnormal', 'normal'] };
    expect([...(await load(films, change)).labels]).toEqual(films.map((f) => Number(f.label === 'abnormal')));
  });

  it('takes every finding as abnormal, and nothing found as normal', async () => {
    const names: Record<string, string> = { normal: 'No finding', abnormal: 'Osteophytes' };
    const films = (await drawFilms(5, 16)).map((film) => ({ ...film, label: names[film.label]! }));
    const change = {
      classNames: ['No finding', 'Osteophytes', 'Vertebral collapse'],
      synthetic: { seed: 1, psi: 1, imagesPerClass: [5, 5, 0] },
    };
    const { labels } = await load(films, change);
    expect([...labels]).toEqual(films.map(({ label }) => Number(label === 'Osteophytes')));
  });

  it('refuses a release without normal or without abnormal films', async () => {
    const films = await drawFilms(5, 16);
    for (const classNames of [
      ['normal', 'No finding'],
      ['abnormal', 'Osteophytes'],
    ])
      await expect(load(films, { classNames })).rejects.toMatchObject({ code: 'RELEASE_UNSUPPORTED' });
  });

  it('refuses one image more or fewer than the manifest says, and a number used twice', async () => {
    const films = await drawFilms(5, 16);
    for (const imagesPerClass of [
      [5, 6],
      [5, 4],
      [6, 4],
    ])
      await expect(load(films, { synthetic: { seed: 1, psi: 1, imagesPerClass } })).rejects.toEqual(invalid);
    await expect(load([...films.slice(0, 9), { ...films[9]!, index: 0 }])).rejects.toEqual(invalid);
  });

  it('refuses an image of another size, in colour, cut short, or none at all', async () => {
    const films = await drawFilms(5, 16);
    const colour = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#f00' } })
      .png()
      .toBuffer();
    const jpeg = await sharp(films[0]!.png).jpeg().toBuffer();
    const bad = [
      await drawFilm(1, 32, true),
      await drawFilm(1, 8, true),
      films[0]!.png.subarray(0, films[0]!.png.length - 40),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(jpeg),
      new Uint8Array(colour),
    ];
    for (const png of bad)
      await expect(load([{ ...films[0]!, png }, ...films.slice(1)])).rejects.toEqual(invalid);
  });
});
