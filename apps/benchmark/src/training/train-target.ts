import {
  encodeClassifier,
  findRecipe,
  installedPretrained,
  type Parameters,
  trainClassifier,
} from '@synspine/classifier';
import type { Log } from '../log.ts';
import type { VerifiedRelease } from '../releases/fetch-release.ts';
import { type LoadedImages, loadImages } from '../releases/load-images.ts';
import type { Target } from './plan-targets.ts';
import { type SplitImages, splitImages } from './split-images.ts';

const CLASSES = 2;

type TrainDeps = { log: Log; signal: AbortSignal };

/**
 * Trains the target's ensemble on its releases' synthetic images, choosing weights on synthetic images too: no real
 * film takes part. Returns the members as one safetensors file, those of the newest generators first.
 */
export async function trainTarget(target: Target, deps: TrainDeps): Promise<Uint8Array> {
  const members: Parameters[] = [];
  for (const releases of target.generations) {
    const split = await loadSplit(releases, target.training.imageSize);
    members.push(...(await trainMembers(target, split, deps)));
  }
  return encodeClassifier(members);
}

async function loadSplit(releases: readonly VerifiedRelease[], size: number): Promise<SplitImages> {
  const sources: { manifestSha256: string; loaded: LoadedImages }[] = [];
  for (const release of releases)
    sources.push({ manifestSha256: release.manifestSha256, loaded: await loadImages(release) });
  return splitImages(sources, size);
}

/** One classifier a seed. */
async function trainMembers(
  { trainedOn, training }: Target,
  split: SplitImages,
  { log, signal }: TrainDeps,
): Promise<Parameters[]> {
  const { architecture, imageSize: size, steps } = training;
  const recipe = findRecipe(training.recipe)!; // planned by this program, which has it
  const pretrained = installedPretrained(architecture);
  const members: Parameters[] = [];
  for (const seed of training.seeds) {
    const started = performance.now();
    const options = {
      ...split,
      size,
      classes: CLASSES,
      seed,
      architecture,
      pretrained,
      recipe,
      steps,
      signal,
    };
    const { parameters, validationAuc } = await trainClassifier(options);
    members.push(parameters);
    const durationMs = Math.round(performance.now() - started);
    log.info('classifier was trained', {
      trainedOn,
      count: split.training.labels.length,
      validationAuc,
      durationMs,
    });
  }
  return members;
}
