import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { SiteError } from '../site-error.ts';
import { type FilmLabel, type Labels, readLabels } from './labels.ts';

/** A folder of films as it came, with what its label files say. */
export type Source = {
  folder: string;
  /** Of all label files together. */
  labels: Labels;
  /** Paths of the label files; they aren't films. */
  labelFiles: string[];
  /** What is in the films' folders, by path relative to `folder`, in order. */
  films: SourceFilm[];
};

/** `label` only where the label files know films by their file names; `published` where the authors split the set. */
export type SourceFilm = { file: string; label?: FilmLabel; published?: 'train' | 'test' };

/** VinDr-SpineXR 1.0.0 as PhysioNet gives it out. */
const VINDR = {
  train: { films: 'train_images', labels: 'annotations/train.csv' },
  test: { films: 'test_images', labels: 'annotations/test.csv' },
} as const;
const VINDR_PARTS = ['train', 'test'] as const;

/**
 * Finds the films and labels of a folder: laid out as VinDr-SpineXR is published (either part may be absent), or any
 * folder with a `labels.csv` in it. `labelFile` names another one. Throws LABELS_UNREADABLE, FOLDER_UNREADABLE.
 */
export async function readSource(folder: string, labelFile?: string): Promise<Source> {
  const published = VINDR_PARTS.filter((part) => existsSync(join(folder, VINDR[part].labels)));
  const known = published.length > 0 ? published.map((part) => VINDR[part].labels) : ['labels.csv'];
  const labelFiles = labelFile ? [labelFile] : known.map((name) => join(folder, name));
  const files = await listFiles(folder, labelFiles);
  const labels = await readLabels(...labelFiles);
  const films = files.map((file): SourceFilm => {
    const label = labels.get(basename(file, extname(file)));
    const part = VINDR_PARTS.find((name) => file.startsWith(`${VINDR[name].films}/`));
    return { file, ...(label && { label }), ...(published.length > 0 && part && { published: part }) };
  });
  return { folder, labels, labelFiles, films: published.length > 0 ? films.filter(isPublished) : films };
}

/** VinDr-SpineXR comes with licences and checksums, which are no films. */
function isPublished({ published }: SourceFilm): boolean {
  return published !== undefined;
}

async function listFiles(folder: string, except: readonly string[]): Promise<string[]> {
  try {
    const root = await realpath(folder);
    const entries = await readdir(root, { withFileTypes: true, recursive: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const excluded = await Promise.all(except.map((path) => realpath(path).catch(() => path)));
    return paths
      .filter((path) => !excluded.includes(path))
      .map((path) => relative(root, path))
      .sort();
  } catch (cause) {
    throw new SiteError('FOLDER_UNREADABLE', undefined, { cause });
  }
}
