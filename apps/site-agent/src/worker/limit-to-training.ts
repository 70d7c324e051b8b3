import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { limitReads } from '@synspine/confinement';
import { TRAINING_FOLDER } from '../films/training-films.ts';
import type { Home } from '../home.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { stageFolder } from '../stages/stage-result.ts';

/**
 * Takes from this process, for good, every file of the home that training does not need: the sealed hold-out, the home's films
 * and catalogue, its keys, other runs. Outside of the home nothing changes. False where the kernel can't; then the code alone
 * keeps training from the hold-out.
 */
export async function limitToTraining(home: Home, run: RunFolder): Promise<boolean> {
  const beside = await listBesides(await realpath(home.path)).catch(() => undefined);
  // Where a folder above the home can't be listed, what lies beside it, this program perhaps, could not be named.
  return beside !== undefined && limitReads([...beside, ...(await listForTraining(run))]);
}

/** What the stages that know training films only read: of the run all but what `preprocess` sealed. */
async function listForTraining(run: RunFolder): Promise<string[]> {
  for (const path of [run.files.progress, run.files.damages]) await (await open(path, 'a', 0o600)).close(); // made later, it could not be opened to append
  const preprocessed = stageFolder(run, 'preprocess');
  return [
    ...(await listBut(run.path, [run.folders.stages])),
    ...(await listBut(run.folders.stages, [preprocessed])),
    ...[join(preprocessed, TRAINING_FOLDER), join(preprocessed, 'result.json')],
  ];
}

/** All that lies beside `path` and beside each folder above it, so that reading all of it leaves out `path` alone. */
async function listBesides(path: string): Promise<string[]> {
  const lists: string[] = [];
  for (let at = path; at !== dirname(at); at = dirname(at)) lists.push(...(await listBut(dirname(at), [at])));
  return lists;
}

/** Without links: what one leads to has a place of its own, which may be the one left out. */
async function listBut(folder: string, left: readonly string[]): Promise<string[]> {
  const names = left.map((path) => basename(path));
  const paths = (await readdir(folder))
    .filter((name) => !names.includes(name))
    .map((name) => join(folder, name));
  const isLink = await Promise.all(paths.map(async (path) => (await lstat(path)).isSymbolicLink()));
  return paths.filter((_, i) => !isLink[i]);
}
