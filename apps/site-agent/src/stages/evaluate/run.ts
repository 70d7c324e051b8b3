import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import type { GanPreset } from '@synspine/gan';
import type { QualityReport } from '@synspine/protocol';
import { writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { openHoldOut } from '../../films/hold-out.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { findPreset } from '../../presets.ts';
import { openOutsideJudge } from '../../scores/outside-judge.ts';
import { openInceptionCache } from '../inception-cache.ts';
import { openRunSampler } from '../open-run-sampler.ts';
import type { ReleaseSampler } from '../release-plan.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { compareFeatures, countLabels } from './compare-features.ts';
import { type Labelled, scoreLabelFidelity, scoreOutsideFidelity } from './label-fidelity.ts';
import { scoreQuality } from './quality-scores.ts';

const FIDELITY_IMAGES = 512; // SE .02 of a share

export type EvaluateOutput = { quality: QualityReport };

/** Scores the release's own images against the sealed hold-out. Nothing is chosen by what comes out here. */
export async function runEvaluate(context: StageContext): Promise<StageOutcome> {
  const { run, draft, signal, threads } = context;
  initCompute({ threads });
  const preset = findPreset(run.options.preset);
  const { films: heldOut } = await openHoldOut(run);
  const { classNames } = heldOut;
  const training = await openTrainingFilms(run);
  const sampler = await openRunSampler(run);
  const fidelityImages = sampleClasses(
    sampler,
    classNames.map(() => Math.round(FIDELITY_IMAGES / classNames.length)),
    preset,
  );
  const sets = {
    heldOut,
    synthetic: sampleLike(sampler, heldOut, preset),
    train: training.train,
  };
  sampler.dispose();
  const fidelity = await scoreLabelFidelity(training, fidelityImages, heldOut, {
    seed: run.options.seed,
    isFiltered: run.options.filters,
    signal,
  });
  const { filters: isFiltered } = run.options;
  const judge = await openOutsideJudge(context.home, preset.resolution);
  if (judge) fidelity.push(...scoreOutsideFidelity(judge, fidelityImages, heldOut, { isFiltered }));
  await context.report({ share: 0.3 });
  const onProgress = (done: number, total: number) => context.report({ share: 0.3 + (0.2 * done) / total });
  const inception = await openInceptionCache(run.folders.features, signal, onProgress);
  const compared = await compareFeatures(inception, sets);
  inception.dispose();
  const scores = [...scoreQuality(compared, classNames), ...fidelity];
  const output: EvaluateOutput = { quality: { imageSize: preset.resolution, scores } };
  await writeJson(join(draft, 'quality.json'), output.quality);
  return { kind: 'done', output };
}

function sampleLike(sampler: ReleaseSampler, films: FilmSet, preset: GanPreset): Labelled {
  return sampleClasses(sampler, countLabels(films), preset);
}

/** The first images of the release of each class. */
function sampleClasses(sampler: ReleaseSampler, counts: readonly number[], preset: GanPreset): Labelled {
  const parts = counts.map((count, label) => sampler.ofClass(label, count));
  const area = preset.resolution ** 2;
  return {
    pixels: new Uint8Array(Buffer.concat(parts)),
    labels: Uint8Array.from(
      parts.flatMap((part, label) => Array(part.length / area).fill(label) as number[]),
    ),
  };
}
