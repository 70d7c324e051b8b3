import { existsSync, readdirSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SiteError } from '../site-error.ts';
import { type LabelWords, USUAL_WORDS } from './label-file/words.ts';
import { createNameCounter, type Labels, readLabels } from './labels.ts';
import type { HasFile } from './missing-files.ts';

/** Lies beside a film under its name and is none: a preview, a checksum, a report. */
const NOT_FILMS =
  /\.(jpe?g|png|gif|bmp|tiff?|txt|csv|tsv|xml|json|pdf|md5|sha\d*|html?|xlsx?|docx?|log|ini|db)$/i;

/** A folder of films as it came, with what its label files say. */
export type Source = {
  folder: string;
  /** Of all label files together. */
  labels: Labels;
  /** Paths of the label files; they aren't films. */
  labelFiles: string[];
  /** What words of the label files stand for. */
  words?: LabelWords;
  /** What is in the films' folders, by path relative to `folder`, in order. */
  films: Iterable<SourceFilm> | AsyncIterable<SourceFilm>;
  /** Whether a file is there, by its path; absent where films come by other names than a DICOMDIR's. */
  hasFile?: HasFile;
  /** How many there are, where that is known. */
  count?: number;
  /** Where refused films will lie once the ingest is over, if not in `folder`. */
  refusedFolder?: string;
};

/** `published` where the authors split the set. */
export type SourceFilm = { file: string; published?: 'train' | 'test' };

/** VinDr-SpineXR 1.0.0 as PhysioNet gives it out. */
const VINDR = {
  train: { films: 'train_images', labels: 'annotations/train.csv' },
  test: { films: 'test_images', labels: 'annotations/test.csv' },
} as const;
const VINDR_PARTS = ['train', 'test'] as const;

/** In any case; the first of them that is there. */
const LABEL_FILES = ['labels.csv', 'labels.tsv', 'labels.txt'];

/**
 * Finds the films and labels of a folder: laid out as VinDr-SpineXR is published (either part may be absent), or any
 * folder, with a `labels.csv` in it or not: then no film has a label. `labelFile` names another one. Throws LABELS_MISSING
 * where that one is not there, LABELS_UNREADABLE, FOLDER_EMPTY, FOLDER_UNREADABLE.
 */
export async function readSource(
  folder: string,
  labelFile?: string,
  words: LabelWords = USUAL_WORDS,
): Promise<Source> {
  const labelFiles = labelFile ? [labelFile] : findLabelFiles(folder);
  const root = await resolveFolder(folder);
  if (await isEmpty(root)) throw new SiteError('FOLDER_EMPTY');
  const excluded = new Set(await Promise.all(labelFiles.map((path) => realpath(path).catch(() => path))));
  const labels = await readLabels(labelFiles, words);
  const films = { [Symbol.asyncIterator]: () => listFilms(root, excluded) };
  const count = await countFilms(films, labels, folder);
  const hasFile = (file: string) => existsSync(join(root, file));
  return { folder, labels, labelFiles, words, films, hasFile, count };
}

/** Labels for single films of a folder: what its other files are called decides whether a row is theirs. Throws as {@link readSource}. */
export async function readFolderLabels(
  folder: string,
  words: LabelWords,
  labelFile?: string,
): Promise<Labels> {
  const labels = await readLabels(labelFile ? [labelFile] : findLabelFiles(folder), words);
  await countFilms({ [Symbol.asyncIterator]: () => listFilms(folder, new Set()) }, labels, folder);
  return labels;
}

async function countFilms(films: AsyncIterable<SourceFilm>, labels: Labels, folder: string): Promise<number> {
  const meet = createNameCounter(labels, folder);
  let count = 0;
  for await (const { file } of films) {
    if (!NOT_FILMS.test(file)) meet(file);
    count++;
  }
  return count;
}

/** Where a folder's labels lie by its layout; none where there is no label file. */
function findLabelFiles(folder: string): string[] {
  const published = publishedParts(folder);
  const known = published.length > 0 ? published.map((part) => VINDR[part].labels) : findOwn(folder);
  return known.map((name) => join(folder, name));
}

/** Where {@link findLabelFiles} looks, for people. */
export function placesOfLabels(folder: string): string[] {
  return [...LABEL_FILES, VINDR.train.labels, VINDR.test.labels].map((name) => join(folder, name));
}

function findOwn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = LABEL_FILES.map((wanted) => names.find((name) => name.toLowerCase() === wanted));
  return found.filter((name) => name !== undefined).slice(0, 1);
}

function publishedParts(folder: string) {
  return VINDR_PARTS.filter((part) => existsSync(join(folder, VINDR[part].labels)));
}

/** A file of a folder, with the part that the data set's authors gave it by its place. */
export function describeFile(folder: string, file: string): SourceFilm {
  const part = publishedParts(folder).find((name) => file.startsWith(`${VINDR[name].films}/`));
  return { file, ...(part && { published: part }) };
}

async function resolveFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    await readdir(root);
    return root;
  } catch (cause) {
    throw new SiteError('FOLDER_UNREADABLE', undefined, { cause });
  }
}

/** Whether no file at all lies in it, of films or of anything else. */
async function isEmpty(root: string): Promise<boolean> {
  for await (const _ of listFiles(root, '', new Set())) return false;
  return true;
}

/** VinDr-SpineXR comes with licences and checksums, which are no films: there only the films' folders are listed. */
async function* listFilms(root: string, excluded: ReadonlySet<string>): AsyncGenerator<SourceFilm> {
  const parts = publishedParts(root);
  if (parts.length === 0) for await (const file of listFiles(root, '', excluded)) yield { file };
  for (const published of parts)
    if (existsSync(join(root, VINDR[published].films)))
      for await (const file of listFiles(root, VINDR[published].films, excluded)) yield { file, published };
}

/**
 * Regular files by their relative paths, folder by folder in the order of their names: only the names of one folder
 * and of those above it are in memory. A subfolder that can't be opened is listed itself, and so refused with a code.
 */
async function* listFiles(
  root: string,
  folder: string,
  excluded: ReadonlySet<string>,
): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => null);
  if (!entries) yield folder;
  const kept = (entries ?? []).filter((entry) => entry.isFile() || entry.isDirectory());
  const names = kept.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  for (const name of names) {
    const path = join(folder, name);
    if (name.endsWith('/')) yield* listFiles(root, path.slice(0, -1), excluded);
    else if (!excluded.has(join(root, path))) yield path;
  }
}
