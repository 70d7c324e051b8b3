import { join } from 'node:path';
import { describeTraining } from '@synspine/protocol';
import { type Home, readJson, writeJson } from '../home.ts';
import type { Target } from './plan-targets.ts';

/** A classifier of this benchmark, and what a reader of its AUC must know. */
export type ListedClassifier = {
  id: string;
  trainedOn?: string;
  imageSize?: number;
  /** In `describeTraining`'s words; absent for one that version 0.1.0 trained: then nothing is compared with it. */
  training?: string;
  generators?: number;
  /** Classifiers of each generator. */
  seeds?: number;
  /** Images of its releases, those that choose the weights included. */
  nTraining?: number;
};

const pathOf = (home: Home) => join(home.classifiers, 'list.json');

/** Every classifier that this benchmark has planned, newest first. */
export async function listClassifiers(home: Home): Promise<ListedClassifier[]> {
  const list = (await readJson<(string | ListedClassifier)[]>(pathOf(home))) ?? [];
  return list.map((entry) => (typeof entry === 'string' ? { id: entry } : entry)); // 0.1.0 kept ids alone
}

/** Puts those that are current to the front. */
export async function recordClassifiers(home: Home, current: readonly Target[]): Promise<void> {
  const known = await listClassifiers(home);
  const ids = new Set(current.map(({ id }) => id));
  const list = [...current.map(toListed), ...known.filter(({ id }) => !ids.has(id))];
  if (JSON.stringify(list) !== JSON.stringify(known)) await writeJson(pathOf(home), list);
}

function toListed({ id, trainedOn, training, generations }: Target): ListedClassifier {
  const perClass = generations.flat().flatMap(({ manifest }) => manifest.synthetic.imagesPerClass);
  return {
    id,
    trainedOn,
    imageSize: training.imageSize,
    training: describeTraining(training),
    generators: generations.length,
    seeds: training.seeds.length,
    nTraining: perClass.reduce((sum, count) => sum + count, 0),
  };
}
