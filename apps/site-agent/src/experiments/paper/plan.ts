import type { ArchitectureId, RECIPES } from '@synspine/classifier';
import type { LabelSchemeName } from '../../films/label-schemes.ts';

/** What is compared; fixed when the experiment's folder is made. */
export type ExperimentOptions = {
  preset: string;
  labels: LabelSchemeName;
  /** Length of each training; null: the preset's, or less where films would be shown too often. */
  imagesShown: number | null;
  /** Trainings of each generator, k. */
  generatorSeeds: number;
  /** Classifiers on the images of each generator, and on real films, m. */
  classifierSeeds: number;
  /** Synthetic images that a classifier sees, all classes together. */
  syntheticCount: number;
  psi: number;
  architecture: ArchitectureId;
  recipe: keyof typeof RECIPES;
  /** Of each classifier; null: the recipe’s. */
  classifierSteps: number | null;
};

/** A site, or all of them together. */
export type Dataset = { name: string; sites: readonly string[] };
export const POOLED = 'pooled';

/** What a classifier is trained on. The last one: real and synthetic films, half and half. */
export const METHODS = ['real', 'gan', 'spinegan', 'real+spinegan'] as const;
export type Method = (typeof METHODS)[number];

/** One process's work: a generator with all that is measured of it, or (without one) the classifiers on real films. */
export type Unit = { dataset: string; generator: { loss: 'gan' | 'spinegan'; seed: number } | null };

/** Sites one by one; with two or more, also together. */
export function datasetsOf(sites: readonly string[]): Dataset[] {
  const alone = sites.map((name) => ({ name, sites: [name] }));
  return sites.length > 1 ? [...alone, { name: POOLED, sites }] : alone;
}

/** All units, the longest first, so that the last ones to end are short. */
export function planUnits(datasets: readonly Dataset[], { generatorSeeds }: ExperimentOptions): Unit[] {
  const seeds = seedsOf(generatorSeeds);
  const bySize = [...datasets].sort((a, b) => b.sites.length - a.sites.length);
  const generators = bySize.flatMap(({ name }) =>
    seeds.flatMap((seed) =>
      (['spinegan', 'gan'] as const).map((loss): Unit => ({ dataset: name, generator: { loss, seed } })),
    ),
  );
  return [...generators, ...bySize.map(({ name }): Unit => ({ dataset: name, generator: null }))];
}

/** The name of a unit's folder. */
export function unitName({ generator }: Unit): string {
  return generator ? `${generator.loss}-${generator.seed}` : 'real';
}

/** The methods whose classifiers a unit trains. */
export function methodsOf({ generator }: Unit): Method[] {
  if (!generator) return ['real'];
  return generator.loss === 'gan' ? ['gan'] : ['spinegan', 'real+spinegan'];
}

/** 1, 2, …, n */
export function seedsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
