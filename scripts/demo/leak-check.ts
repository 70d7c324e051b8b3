import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The token that the sample films and the phantoms carry in every identifying tag. */
const CANARY = 'ZZCANARY';

/** Files below the folders that hold the canary, in UTF-8 or UTF-16, and how many files were searched. */
export function findCanary(folders: string[]): { searched: number; found: string[] } {
  const needles = [Buffer.from(CANARY), Buffer.from(CANARY, 'utf16le')];
  const files = folders.flatMap(filesBelow);
  const found = files.filter((f) => {
    if (!existsSync(f)) return false; // a live database removes files meanwhile
    const bytes = readFileSync(f);
    return needles.some((n) => bytes.includes(n));
  });
  return { searched: files.length, found };
}

/** Links are followed: an embedded PostgreSQL that root starts keeps its data elsewhere, behind one. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false }); // a server may remove files meanwhile
    if (stat?.isDirectory()) return filesBelow(path);
    return stat?.isFile() ? [path] : [];
  });
}
