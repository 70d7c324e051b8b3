import { join } from 'node:path';
import { initCompute, seededRandom, shuffled } from '@synspine/compute';
import type { GanPreset } from '@synspine/gan';
import type { QualityReport } from '@synspine/protocol';
import { writeJson } from '../../durable-file.ts';
import { type FilmSet, selectFilms } from '../../films/film-set.ts';
import { openHoldOut } from '../../films/hold-out.ts';
import { CLASS_NAMES } from '../../films/labels.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { findPreset } from '../../presets.ts';
import { type InceptionCache, openInceptionCache } from '../inception-cache.ts';
import { openRunSampler } from '../open-run-sampler.ts';
import type { ReleaseSampler } from '../release-plan.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { type Labelled, scoreLabelFidelity } from './label-fidelity.ts';
import { type Compared, type LabelledFeatures, scoreQuality } from './quality-scores.ts';

const FIDELITY_IMAGES = 512; // SE .02 of a share

export type EvaluateOutput = { quality: QualityReport };

/** Scores the release's own images against the sealed hold-out. Nothing is chosen by what comes out here. */
export async function runEvaluate(context: StageContext): Promise<StageOutcome> {
  const { run, draft, signal, threads } = context;
  initCompute({ threads });
  const preset = findPreset(run.options.preset);
  const { films: heldOut } = await openHoldOut(run);
  const training = await openTrainingFilms(run);
  const sampler = await openRunSampler(run);
  const fidelityImages = sampleClasses(
    sampler,
    CLASS_NAMES.map(() => FIDELITY_IMAGES / CLASS_NAMES.length),
    preset,
  );
  const sets = {
    heldOut,
    synthetic: sampleLike(sampler, heldOut, preset),
    train: drawLike(training.train, heldOut),
  };
  sampler.dispose();
  const fidelity = await scoreLabelFidelity(training, fidelityImages, heldOut, {
    seed: run.options.seed,
    signal,
  });
  await context.report({ share: 0.3 });
  const onProgress = (done: number, total: number) => context.report({ share: 0.3 + (0.2 * done) / total });
  const inception = await openInceptionCache(run.folders.features, signal, onProgress);
  const compared = await extractFeatures(inception, sets);
  inception.dispose();
  const scores = [...scoreQuality(compared, CLASS_NAMES), ...fidelity];
  const output: EvaluateOutput = { quality: { imageSize: preset.resolution, scores } };
  await writeJson(join(draft, 'quality.json'), output.quality);
  return { kind: 'done', output };
}

function countLabels(labels: Uint8Array): number[] {
  return CLASS_NAMES.map((_, label) => labels.filter((other) => other === label).length);
}

function sampleLike(sampler: ReleaseSampler, films: FilmSet, preset: GanPreset): Labelled {
  return sampleClasses(sampler, countLabels(films.labels), preset);
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

/** Training films, as many of each class as the hold-out has: what a perfect generator would score. */
function drawLike(train: FilmSet, heldOut: FilmSet): FilmSet {
  const random = seededRandom(1);
  const rows = countLabels(heldOut.labels).flatMap((count, label) => {
    const ofLabel = [...train.labels.keys()].filter((row) => train.labels[row] === label);
    return shuffled(ofLabel, random).slice(0, count);
  });
  return selectFilms(train, rows);
}

type Sets = { heldOut: FilmSet; synthetic: Labelled; train: FilmSet };

async function extractFeatures(
  inception: InceptionCache,
  { heldOut, synthetic, train }: Sets,
): Promise<Compared> {
  const extract = async (set: Labelled, groups: readonly string[]): Promise<LabelledFeatures> => {
    const features = await inception.features(set.pixels, heldOut.size);
    return { ...features, labels: set.labels, groups };
  };
  return {
    heldOut: await extract(heldOut, heldOut.patients),
    synthetic: await extract(
      synthetic,
      Array.from(synthetic.labels, (_, i) => `synthetic-${i}`),
    ),
    train: await extract(train, train.patients),
  };
}
