import { mkdir, realpath } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { readJson, writeJson } from '../../durable-file.ts';
import { openCatalogue } from '../../films/catalogue.ts';
import { classifyFilms, countPatients } from '../../films/divide-films.ts';
import { readFilmSet, writeFilmSet } from '../../films/film-set.ts';
import { ingestSource } from '../../films/ingest-source.ts';
import { LABEL_SCHEMES } from '../../films/label-schemes.ts';
import { countRefusals } from '../../films/quarantine.ts';
import { readSource } from '../../films/source.ts';
import { openHome } from '../../home.ts';
import { findPreset } from '../../presets.ts';
import { SiteError } from '../../site-error.ts';
import { type DatasetFilms, openDataset, type PrepareOptions } from './films.ts';
import type { ExperimentFolder, OutsideFolders } from './folder.ts';
import { type Dataset, everyoneOf } from './plan.ts';
import type { TestSet } from './score-films.ts';
import type { Site } from './sites.ts';

/** What became of an outside folder: counts only. */
export type OutsideFacts = {
  name: string;
  films: number;
  patients: number;
  classes: { name: string; films: number }[];
  refused: { code: string; count: number }[];
  /** Labelled with a class that the generators don't know, and so not scored. */
  ofOtherClasses: number;
  /** Equal in every pixel to a film that was trained, tuned or tested on, and so not scored. */
  alsoInside: number;
};

const SET_NAME = 'films';
const FACTS_FILE = 'facts.json';

/** In the tables: `outside:` and the folder's own name. */
const outsideTest = (name: string): string => `outside:${name}`;

/** A folder's name as the tables have it: lower case, digits and hyphens. */
export function outsideName(folder: string): string {
  const slug = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return slug.slice(0, 40) || 'films';
}

/**
 * Folders by their names in the tables, added to those that the experiment had. Throws OPTION_INVALID when two have one
 * name, FOLDER_EMPTY, FOLDER_UNREADABLE, LABELS_MISSING and LABELS_UNREADABLE before anything is trained. No film is
 * opened here.
 */
export async function nameOutside(
  known: OutsideFolders,
  folders: readonly string[],
): Promise<OutsideFolders> {
  const named: Record<string, string> = { ...known };
  for (const folder of folders) {
    const { labelFiles } = await readSource(folder);
    if (labelFiles.length === 0) throw new SiteError('LABELS_MISSING');
    const [name, path] = [outsideName(folder), await realpath(folder)];
    if (named[name] !== undefined && named[name] !== path)
      throw new SiteError('OPTION_INVALID', `--outside: two folders are called ${name}`);
    named[name] = path;
  }
  return named;
}

/** The sites to train on: an outside folder is none of them. Throws EXPERIMENT_NO_FILMS when none is left. */
export async function withoutOutside(sites: readonly Site[], outside: OutsideFolders): Promise<Site[]> {
  const left = new Set(Object.values(outside));
  const folders = await Promise.all(sites.map(({ source }) => realpath(source.folder)));
  const trained = sites.filter((_, i) => !left.has(folders[i]!));
  if (trained.length === 0) throw new SiteError('EXPERIMENT_NO_FILMS', 'all of them are --outside');
  return trained;
}

/**
 * Ingests an outside folder as a site's, with the same reader, selection and fit, and keeps its films of the trained classes as one
 * test set, but for those that are `inside` too. Called when every classifier is trained, so that none can have seen them.
 */
async function prepareOutside(
  folder: ExperimentFolder,
  { name, path }: { name: string; path: string },
  {
    classNames,
    inside,
    ...options
  }: Pick<PrepareOptions, 'signal' | 'onProgress'> & {
    classNames: readonly string[];
    inside: ReadonlySet<string>;
  },
): Promise<void> {
  const place = join(folder.private.outside, name);
  const home = await openHome(join(place, 'home'), { create: true });
  const { labels, preset, fit } = folder.options;
  const source = await readSource(path);
  const verdicts = await ingestSource(home, { ...options, source, fit, verdicts: 'keep' });
  const classed = classifyFilms(LABEL_SCHEMES[labels], (await openCatalogue(home)).films());
  const known = classed.filter(({ className }) => classNames.includes(className));
  const films = known.filter(({ pixelSha256 }) => !inside.has(pixelSha256));
  const target = { folder: place, name: SET_NAME, size: findPreset(preset).resolution, classNames };
  await mkdir(place, { recursive: true, mode: 0o700 });
  await writeFilmSet(home, target, films);
  const facts: OutsideFacts = {
    name,
    films: films.length,
    patients: countPatients(films),
    classes: classNames.map((of) => ({
      name: of,
      films: films.filter(({ className }) => className === of).length,
    })),
    refused: countRefusals(verdicts.flatMap(({ code }) => (code === null ? [] : [{ code }]))),
    ofOtherClasses: classed.length - known.length,
    alsoInside: known.length - films.length,
  };
  await writeJson(join(place, FACTS_FILE), facts);
}

/** Throws EXPERIMENT_UNFINISHED, RUN_FILE_DAMAGED. */
export async function openOutside(
  folder: ExperimentFolder,
  name: string,
): Promise<{ test: TestSet; facts: OutsideFacts }> {
  const place = join(folder.private.outside, name);
  const facts = await readJson<OutsideFacts>(join(place, FACTS_FILE));
  if (!facts) throw new SiteError('EXPERIMENT_UNFINISHED');
  return { test: { name: outsideTest(name), films: await readFilmSet(place, SET_NAME) }, facts };
}

/** Whether an AUC can be told: films of two patients or more on each side. `labels`: 1 for abnormal. */
export function isScorable({
  labels,
  patients,
}: {
  labels: ArrayLike<number>;
  patients: readonly string[];
}): boolean {
  const of = (side: number) => new Set(patients.filter((_, row) => labels[row] === side));
  return of(0).size >= 2 && of(1).size >= 2;
}

/** {@link prepareOutside} of every folder. → their names */
export async function prepareAllOutside(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
  outside: OutsideFolders,
  reading: Pick<PrepareOptions, 'signal' | 'onProgress'>,
): Promise<readonly string[]> {
  const names = Object.keys(outside);
  if (names.length === 0) return names;
  const everyone = await openDataset(folder, everyoneOf(datasets));
  const { classNames } = everyone.train;
  const inside = new Set(hashesOf(everyone));
  for (const name of names)
    await prepareOutside(folder, { name, path: outside[name]! }, { ...reading, classNames, inside });
  return names;
}

function hashesOf({ train, validation, holdOut }: DatasetFilms): string[] {
  return [train, validation, holdOut].flatMap(({ pixelSha256 }) => pixelSha256);
}
