import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readJson, writeJson } from '../../durable-file.ts';
import { SiteError } from '../../site-error.ts';
import { type ClassifierKey, EARLIER_OPTIONS, type ExperimentOptions, type Unit, unitName } from './plan.ts';

/** An experiment is a folder: what lies in it was done, and the same command goes on from there. */
export type ExperimentFolder = {
  options: ExperimentOptions;
  /** Films, generators and scores of single films: the hospital's own. */
  private: { sites: string; outside: string; features: string; failures: string; densenetWeights: string };
  /** Tables and figures: counts, means and synthetic images. */
  results: string;
  unit(unit: Unit): UnitFolder;
};

type UnitFolder = {
  path: string;
  generator: string;
  checkpoints: string;
  quality: string;
  /** Scores by NVIDIA's protocol. */
  fullProtocol: string;
  /** A trained classifier's weights, and what is known of it; the second is written last. */
  classifier(key: ClassifierKey): { weights: string; facts: string };
  /** Its judgement of each film of a test set. */
  scores(key: ClassifierKey, test: string): string;
};

/** By its name in the tables: the folder of outside films that nothing is trained or tuned on. */
export type OutsideFolders = Readonly<Record<string, string>>;

type ExperimentFile = {
  schema: 'synspine.experiment/1';
  data: string;
  options: ExperimentOptions;
  /** Absent in experiments of Synspine 0.1.0. */
  sites?: readonly string[];
  /** Grows: films from outside may be added to an experiment that has ended. */
  outside?: OutsideFolders;
};

export type ExperimentWanted = Required<Omit<ExperimentFile, 'schema'>>;

/** The outside folders that the experiment was given before. */
export async function knownOutside(path: string): Promise<OutsideFolders> {
  return (await readExperiment(path))?.outside ?? {};
}

/** The options of the experiment in a folder; undefined where none has begun. */
export async function knownOptions(path: string): Promise<ExperimentOptions | undefined> {
  const known = await readExperiment(path);
  return known && { ...EARLIER_OPTIONS, ...known.options };
}

/** Makes or opens the folder. Throws EXPERIMENT_DIFFERS when it was made with other options or other films. */
export async function openExperiment(path: string, wanted: ExperimentWanted): Promise<ExperimentFolder> {
  const known = await readExperiment(path);
  if (known && !isContinued(known, wanted)) throw new SiteError('EXPERIMENT_DIFFERS');
  const folder = describeExperiment(path, wanted.options);
  const { sites, outside, features } = folder.private;
  for (const made of [sites, outside, features, folder.results])
    await mkdir(made, { recursive: true, mode: 0o700 });
  const file: ExperimentFile = { schema: 'synspine.experiment/1', ...wanted };
  if (JSON.stringify(known) !== JSON.stringify(file)) await writeJson(join(path, 'experiment.json'), file);
  return folder;
}

function readExperiment(path: string): Promise<ExperimentFile | undefined> {
  return readJson<ExperimentFile>(join(path, 'experiment.json'));
}

/** Same films, same options; and no outside name stands for two folders. */
function isContinued(known: ExperimentFile, wanted: ExperimentWanted): boolean {
  const { sites = wanted.sites, outside = {} } = known;
  const asked = wanted.options as Record<string, unknown>;
  const before: Record<string, unknown> = { ...EARLIER_OPTIONS, ...known.options };
  const names = new Set([...Object.keys(asked), ...Object.keys(before)]);
  return (
    known.data === wanted.data &&
    sites.join() === wanted.sites.join() &&
    [...names].every((name) => asked[name] === before[name]) &&
    Object.entries(outside).every(([name, folder]) => wanted.outside[name] === folder)
  );
}

export function describeExperiment(path: string, options: ExperimentOptions): ExperimentFolder {
  const at = (...names: string[]) => join(resolve(path), ...names);
  return {
    options,
    private: {
      sites: at('private', 'sites'),
      outside: at('private', 'outside'),
      features: at('private', 'features'),
      failures: at('private', 'failures.jsonl'),
      densenetWeights: at('private', 'densenet-121.safetensors'),
    },
    results: at('results'),
    unit: (unit) => {
      const within = (...names: string[]) => at('private', 'units', unit.dataset, unitName(unit), ...names);
      return {
        path: within(),
        generator: within('generator'),
        checkpoints: within('checkpoints'),
        quality: within('quality.json'),
        fullProtocol: within('full-protocol.json'),
        classifier: (key) => ({
          weights: within('classifiers', `${classifierName(key)}.safetensors`),
          facts: within('classifiers', `${classifierName(key)}.json`),
        }),
        scores: (key, test) => within('scores', test.replace(':', '-'), `${classifierName(key)}.json`),
      };
    },
  };
}

function classifierName({ method, imagesShown, seed }: ClassifierKey): string {
  return [method, imagesShown, seed].filter((part) => part !== null).join('-');
}
