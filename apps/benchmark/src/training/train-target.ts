import {
  encodeClassifier,
  installedPretrained,
  type Parameters,
  RECIPES,
  trainClassifier,
} from '@synspine/classifier';
import type { Log } from '../log.ts';
import { type LoadedImages, loadImages } from '../releases/load-images.ts';
import { SEEDS, type Target } from './plan-targets.ts';
import { splitImages } from './split-images.ts';

const CLASSES = 2;

/**
 * Trains the target's ensemble on its releases' synthetic images, choosing weights on synthetic images too: no real
 * film takes part. `steps` replaces the recipe's number. Returns the members as one safetensors file.
 */
export async function trainTarget(
  target: Target,
  { log, signal, steps }: { log: Log; signal: AbortSignal; steps?: number },
): Promise<Uint8Array> {
  const sources: { manifestSha256: string; loaded: LoadedImages }[] = [];
  for (const release of target.releases)
    sources.push({ manifestSha256: release.manifestSha256, loaded: await loadImages(release) });
  const split = splitImages(sources, target.imageSize);
  const { architecture, recipe } = target.training;
  const pretrained = installedPretrained(architecture);
  const members: Parameters[] = [];
  for (const seed of SEEDS) {
    const started = performance.now();
    const { parameters, validationAuc } = await trainClassifier({
      ...split,
      size: target.imageSize,
      classes: CLASSES,
      seed,
      architecture,
      pretrained,
      recipe: RECIPES[recipe],
      steps,
      signal,
    });
    members.push(parameters);
    const durationMs = Math.round(performance.now() - started);
    const count = split.training.labels.length;
    log.info('classifier was trained', { trainedOn: target.trainedOn, count, validationAuc, durationMs });
  }
  return encodeClassifier(members);
}
