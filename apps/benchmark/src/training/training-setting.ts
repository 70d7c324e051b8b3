import {
  type ArchitectureId,
  installedPretrained,
  pretrainedSha256,
  RECIPE_VERSIONS,
  RECIPES,
} from '@synspine/classifier';
import type { ClassifierTraining } from '@synspine/protocol';

/** Which network is trained, and how, whatever the image size. */
export type Training = Omit<ClassifierTraining, 'imageSize'>;

export type RecipeName = keyof typeof RECIPES;

/** One network a seed. */
const SEEDS = [1, 2, 3];

/** All that a site must know to train the same on its own films. Throws `NO_PRETRAINED`. */
export function describeSetting(architecture: ArchitectureId, recipe: RecipeName): Training {
  const pretrained = installedPretrained(architecture);
  return {
    architecture,
    recipe: { name: recipe, version: RECIPE_VERSIONS[recipe] },
    steps: RECIPES[recipe].steps,
    seeds: SEEDS,
    pretrainedSha256: pretrained ? pretrainedSha256(pretrained) : null,
  };
}
