import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '@synspine/release';

/** Where the benchmark keeps its keys, what it fetched and what it trained. It holds no patient data. */
export type Home = {
  keys: string;
  /** A registry's site keys as first seen, one file a site. */
  pins: string;
  /** Verified releases, one folder a manifest. */
  releases: string;
  /** Releases whose contents are being looked into, one folder a manifest; gone when that is done. */
  waiting: string;
  /** Of published releases, one folder a site: what tells an image that another site sends again. */
  fingerprints: string;
  /** Trained ensembles, one folder an id. */
  classifiers: string;
  enrolment: string;
};

/** Opens the home, making its folders where they are missing. */
export async function openHome(folder: string): Promise<Home> {
  const at = (name: string) => join(resolve(folder), name);
  const folders = {
    keys: at('keys'),
    pins: at('pins'),
    releases: at('releases'),
    waiting: at('waiting'),
    fingerprints: at('fingerprints'),
    classifiers: at('classifiers'),
  };
  for (const path of Object.values(folders)) await mkdir(path, { recursive: true, mode: 0o700 });
  return { ...folders, enrolment: at('enrolment.json') };
}

/** The file's JSON, or undefined when there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** Writes JSON so that a crash leaves the old file or the new one. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}
