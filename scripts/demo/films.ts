import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoOptions, siteFolders } from './options.ts';
import type { Programs } from './processes.ts';

export type SiteFilms = { id: string; folder: string };

const PHANTOM_SITES = ['alder', 'birch', 'cedar'];
const PATIENTS = { quick: 70, full: 120 };

/** The sites' folders of films: the given ones, or phantoms made once into the demo's state. */
export async function findFilms(options: DemoOptions, programs: Programs): Promise<SiteFilms[]> {
  if (options.data) {
    const data = options.data;
    return siteFolders(data).map((id) => ({ id, folder: join(data, id) }));
  }
  const made: SiteFilms[] = [];
  for (const [i, id] of PHANTOM_SITES.entries()) made.push(await makePhantoms(id, i + 1, options, programs));
  return made;
}

async function makePhantoms(
  id: string,
  seed: number,
  options: DemoOptions,
  programs: Programs,
): Promise<SiteFilms> {
  const folder = join(options.stateDir, 'films', id);
  if (existsSync(join(folder, 'labels.csv'))) return { id, folder }; // labels.csv is written last
  rmSync(folder, { recursive: true, force: true });
  const patients = String(options.quick ? PATIENTS.quick : PATIENTS.full);
  await programs.run(
    'site',
    ['phantoms', '--out', folder, '--site', id, '--patients', patients, '--seed', String(seed)],
    {
      logFile: join(options.stateDir, `logs/${id}.log`),
    },
  );
  console.log(`${id}: phantoms of ${patients} patients made`);
  return { id, folder };
}
