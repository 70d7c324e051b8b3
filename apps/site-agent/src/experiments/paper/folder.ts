import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readJson, writeJson } from '../../durable-file.ts';
import { SiteError } from '../../site-error.ts';
import { type ExperimentOptions, type Method, type Unit, unitName } from './plan.ts';

/** An experiment is a folder: what lies in it was done, and the same command goes on from there. */
export type ExperimentFolder = {
  options: ExperimentOptions;
  /** Films, generators and scores of single films: the hospital's own. */
  private: { sites: string; features: string; failures: string };
  /** Tables and figures: counts, means and synthetic images. */
  results: string;
  unit(unit: Unit): UnitFolder;
};

type UnitFolder = {
  path: string;
  generator: string;
  quality: string;
  scores(method: Method, seed: number): string;
};

type ExperimentFile = { schema: 'synspine.experiment/1'; data: string; options: ExperimentOptions };

/** Makes or opens the folder. Throws EXPERIMENT_DIFFERS when it was made with other options or other films. */
export async function openExperiment(
  path: string,
  wanted: { data: string; options: ExperimentOptions },
): Promise<ExperimentFolder> {
  const file = join(path, 'experiment.json');
  const known = await readJson<ExperimentFile>(file);
  const asked: ExperimentFile = { schema: 'synspine.experiment/1', ...wanted };
  if (known && JSON.stringify(known) !== JSON.stringify(asked)) throw new SiteError('EXPERIMENT_DIFFERS');
  const folder = describeExperiment(path, wanted.options);
  const { sites, features } = folder.private;
  for (const made of [sites, features, folder.results]) await mkdir(made, { recursive: true, mode: 0o700 });
  if (!known) await writeJson(file, asked);
  return folder;
}

export function describeExperiment(path: string, options: ExperimentOptions): ExperimentFolder {
  const at = (...names: string[]) => join(resolve(path), ...names);
  return {
    options,
    private: {
      sites: at('private', 'sites'),
      features: at('private', 'features'),
      failures: at('private', 'failures.jsonl'),
    },
    results: at('results'),
    unit: (unit) => {
      const within = (...names: string[]) => at('private', 'units', unit.dataset, unitName(unit), ...names);
      return {
        path: within(),
        generator: within('generator'),
        quality: within('quality.json'),
        scores: (method, seed) => within(`scores-${method}-${seed}.json`),
      };
    },
  };
}
