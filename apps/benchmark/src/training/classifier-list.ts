import { join } from 'node:path';
import { type Home, readJson, writeJson } from '../home.ts';

const pathOf = (home: Home) => join(home.classifiers, 'list.json');

/** Ids of every classifier that this benchmark has planned, newest first. */
export async function listClassifiers(home: Home): Promise<string[]> {
  return (await readJson<string[]>(pathOf(home))) ?? [];
}

/** Puts the ids that are current to the front. */
export async function recordClassifiers(home: Home, current: readonly string[]): Promise<void> {
  const known = await listClassifiers(home);
  const list = [...current, ...known.filter((id) => !current.includes(id))];
  if (list.join() !== known.join()) await writeJson(pathOf(home), list);
}
