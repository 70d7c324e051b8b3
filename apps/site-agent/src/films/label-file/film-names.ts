import { posix } from 'node:path';

/** Starts the key of a path's end, where a label file's paths begin above the folder that was ingested. */
const END = '…/';

/** A UID has endings of digits, which are part of it. */
const ENDING = /\.[a-z][a-z0-9]{0,5}$/;

/**
 * A film as a label file names it (a UID, a file's name, a path of any system), so that two spellings of one name are
 * equal: `D:\Export\IM01.DCM` is `export/im01`.
 */
export function nameKey(name: string): string {
  const path = name.normalize('NFC').trim().toLowerCase().replaceAll('\\', '/');
  const relative = path
    .replace(/^[a-z]:/, '')
    .replace(/\/{2,}/g, '/')
    .replace(/^(\.?\/)+/, '');
  return relative.replace(ENDING, '');
}

/** The film's own path and its ends, the longest first: `a/b/im01`, `b/im01`, `im01`. */
function endsOf(key: string): string[] {
  const parts = key.split('/');
  return parts.map((_, i) => parts.slice(i).join('/'));
}

/**
 * The keys under which a path of a label file is found although it begins above the ingested folder. A bare file name is
 * one of them only where all paths have the same folder: else it could be another folder's file.
 */
export function longPathKeys(key: string, hasOneFolder: boolean): string[] {
  const ends = endsOf(key).slice(1);
  return ends.filter((end) => hasOneFolder || end.includes('/')).map((end) => END + end);
}

/** All keys that may stand for a film in `file` below `folder`, the most exact first. */
export function keysOfFile(folder: string, file: string): { ends: string[]; long: string[] } {
  const relative = nameKey(file);
  const whole = nameKey(posix.join(posix.basename(folder), file));
  return { ends: endsOf(whole), long: [END + whole, END + relative] };
}
