import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { appendLines, createLineReader, streamLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { type KeyedHash, openSeal } from '../keys.ts';
import { shorten } from './catalogue-index.ts';
import type { IngestVerdict } from './ingest-folder.ts';
import type { Look } from './look/learn-look.ts';

/** Size, time and inode of a file: equal while nobody has written to it or put another in its place. */
export type FileStamp = string;

/** A verdict as it is kept, with what it depends on that may be known better later. */
export type KeptVerdict = Omit<IngestVerdict, 'file'> & { look?: Look };

/** The verdicts on a folder's files, kept from one ingest to the next. */
export type DecidedFiles = {
  /** What was decided on a file that has not changed since. */
  find(file: string, stamp: FileStamp): Promise<KeptVerdict | undefined>;
  keep(file: string, stamp: FileStamp, verdict: KeptVerdict): void;
  save(): Promise<void>;
  close(): Promise<void>;
};

type Header = { schema: 'synspine.decided/1'; rules: string };
/** `key`: keyed hash of the file's path, which may name a patient; so may what is sealed. */
type Line = { key: string; stamp: FileStamp; sealed: string };

/** Reading these again may end otherwise. A DICOMDIR's files may have come or gone. */
const PASSING = [
  'FILE_UNREADABLE',
  'PARSER_TIMEOUT',
  'PARSER_CRASHED',
  'PARSER_OUT_OF_MEMORY',
  'MEDIA_DIRECTORY',
];

/** undefined when there is no such file. */
export async function stampOf(path: string): Promise<FileStamp | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.ino}/${found.size}/${found.mtimeMs}`;
}

/**
 * Opens the verdicts on a folder's files. They hold for `rules` alone, a hash of all that decides beside the files themselves:
 * under other rules they are forgotten. As in the catalogue's index, only places in the file are kept in memory.
 */
export async function openDecidedFiles(
  home: Home,
  { folder, rules, hash }: { folder: string; rules: string; hash: KeyedHash },
): Promise<DecidedFiles> {
  await mkdir(home.folders.decided, { recursive: true, mode: 0o700 });
  const path = join(
    home.folders.decided,
    `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.jsonl`,
  );
  const { seal, unseal } = await openSeal(home);
  const places = await readPlaces(path, rules);
  const unsaved: (Header | Line)[] = places ? [] : [{ schema: 'synspine.decided/1', rules }];
  const known = places ?? new Map<number, number>();
  if (!places) await rm(path, { force: true });
  const keyOf = (file: string) => hash('file', `${folder}\0${file}`);
  const kept = createLineReader(path);
  return {
    find: async (file, stamp) => {
      const key = keyOf(file);
      const at = known.get(shorten(key));
      if (at === undefined) return undefined;
      const line = await kept.read<Line>(at);
      const text = line.key === key && line.stamp === stamp ? unseal(line.sealed) : undefined;
      return text === undefined ? undefined : (JSON.parse(text) as KeptVerdict);
    },
    keep: (file, stamp, verdict) => {
      if (verdict.code !== null && PASSING.includes(verdict.code)) return;
      unsaved.push({ key: keyOf(file), stamp, sealed: seal(JSON.stringify(verdict)) });
    },
    save: async () => {
      const lines = [...unsaved];
      await appendLines(path, lines);
      unsaved.splice(0, lines.length); // only now: a full disk throws above
    },
    close: () => kept.close(),
  };
}

/** Where each file's last line begins; undefined where the file was written under other rules, or is not there. */
async function readPlaces(path: string, rules: string): Promise<Map<number, number> | undefined> {
  let places: Map<number, number> | undefined;
  for await (const { value, at } of streamLines<Header | Line>(path)) {
    if ('schema' in value) {
      if (value.rules !== rules) return undefined;
      places = new Map();
    } else places?.set(shorten(value.key), at);
  }
  return places;
}
