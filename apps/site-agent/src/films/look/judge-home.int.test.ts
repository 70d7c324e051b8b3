import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePhantomSite } from '@synspine/dicom';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../../home.ts';
import { streamMedium } from '../../sources/media/stream-medium.ts';
import { writeZip } from '../../sources/media/zip.fixture.ts';
import { writeFilms } from '../../sources/test-films.fixture.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openCatalogue } from '../catalogue.ts';
import { collectVerdicts, type SourceVerdict } from '../ingest-folder.ts';
import { streamSource } from '../ingest-source.ts';
import { hasMaster } from '../master-image.ts';
import { readQuarantine } from '../quarantine.ts';
import { retryFilms } from '../retry-films.ts';
import { readSource } from '../source.ts';

const temporaryFolder = useTemporaryFolders();

/** Phantoms of some patients, seen from the front. */
async function writeSite(site: string, patients: number): Promise<string> {
  const folder = await temporaryFolder();
  await writePhantomSite(folder, { site, patients, seed: site, size: 256, view: 'AP' });
  return folder;
}

describe('films that were taken before the home could tell their look', () => {
  let home: Home;
  let [first, second] = ['', ''];
  beforeAll(async () => {
    home = await openHome(await temporaryFolder(), { create: true });
    first = await writeSite('oak', 18);
    second = await writeSite('elm', 26);
    const { films, labels } = await writeFilms(join(first, 'noise'), 2);
    await appendFile(
      join(first, 'labels.csv'),
      films.map(({ uid }) => `${uid},,,normal,No finding\n`).join(''),
    );
    await rm(labels);
  });

  const ingest = async (folder: string): Promise<SourceVerdict[]> =>
    collectVerdicts(
      streamSource(home, { source: await readSource(folder), fit: 'squeeze', verdicts: 'keep' }),
    );
  const films = async () => (await openCatalogue(home)).films();
  const unlike = (verdicts: readonly SourceVerdict[]) =>
    verdicts.filter(({ code }) => code === 'NOT_A_SPINE');
  const unlikeEntries = async () => {
    const known = new Set((await films()).map(({ fileSha256 }) => fileSha256));
    const entries = await readQuarantine(home, (hash) => known.has(hash));
    return entries.filter(({ code }) => code === 'NOT_A_SPINE');
  };
  const looks = async () => new Set((await films()).map(({ selection }) => selection?.look));

  it('are judged once it can, and those that show something else leave it', async () => {
    const before = await ingest(first);
    const noise = before
      .filter(({ file }) => file.startsWith('noise/'))
      .map(({ pixelSha256 }) => pixelSha256!);
    expect(noise).toHaveLength(2);
    expect(unlike(before)).toEqual([]);
    expect(await looks()).toEqual(new Set(['untold']));
    const taken = (await films()).length;

    const verdicts = await ingest(second);
    expect(
      unlike(verdicts)
        .map(({ pixelSha256 }) => pixelSha256)
        .sort(),
    ).toEqual(noise.sort());
    expect(unlike(verdicts).every(({ isOfHome }) => isOfHome)).toBe(true);
    const added = verdicts.filter(({ code }) => code === null).length;
    expect(await looks()).toEqual(new Set(['like']));
    const kept = (await films()).map(({ pixelSha256 }) => pixelSha256);
    expect(kept).toHaveLength(taken + added - 2);
    expect(kept).not.toEqual(expect.arrayContaining([noise[0]]));
    const entries = await unlikeEntries();
    expect(entries.map(({ folder, path }) => [folder, path]).sort()).toEqual(
      noise.sort().map((hash) => [home.path, join('films', `${hash}.png`)]),
    );
    expect(entries[0]).toMatchObject({ stage: 'select', selection: { look: 'unlike' } });
    for (const hash of noise) expect(hasMaster(home, hash)).toBe(true); // runs may have been made from them
    expect(await collectVerdicts(retryFilms(home, entries, { fit: 'squeeze' }))).toEqual([]);
  });

  it('are refused in their folder, too, when that is ingested again, and nothing is judged twice', async () => {
    expect(unlike(await ingest(second))).toEqual([]);
    const [again, third] = [await ingest(first), await ingest(first)];
    expect(unlike(again).map(({ file, isOfHome }) => [file.slice(0, 6), isOfHome])).toEqual([
      ['noise/', undefined],
      ['noise/', undefined],
    ]);
    expect(third).toEqual(again);
    expect((await unlikeEntries()).map(({ folder }) => folder)).toEqual([first, first]);
    expect(await looks()).toEqual(new Set(['like']));
  });

  it('are so, too, when the films to learn from come by the spool', async () => {
    home = await openHome(await temporaryFolder(), { create: true });
    await ingest(first);
    const files: string[] = [];
    for await (const { file } of (await readSource(second)).films) files.push(file);
    const contents = await Promise.all(files.map((file) => readFile(join(second, file))));
    const path = join(second, 'medium.zip');
    await writeFile(path, writeZip(files.map((name, i) => ({ name, content: contents[i]! }))));
    const verdicts: SourceVerdict[] = [];
    const { signal } = new AbortController();
    const how = { labelFile: join(second, 'labels.csv'), fit: 'squeeze' as const, signal };
    for await (const verdict of streamMedium(home, { path, ...how, onProgress: () => undefined }))
      verdicts.push(verdict);
    expect(verdicts).toHaveLength(files.length + 2);
    expect(unlike(verdicts).map(({ file }) => file.slice(0, 6))).toEqual(['films/', 'films/']);
    expect((await unlikeEntries()).map(({ folder }) => folder)).toEqual([home.path, home.path]);
    expect(await looks()).toEqual(new Set(['like']));
  });
});
