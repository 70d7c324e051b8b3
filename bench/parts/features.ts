import { readFileSync } from 'node:fs';
import { createFeatureJobs } from '../jobs.ts';
import type { Versions } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { alternate } from '../rounds.ts';
import { type Summary, summarize } from '../statistics.ts';

const agreementMax = 1e-3; // of features in about 0..2

export type FeatureFigures = {
  oursPerS: number;
  onnxruntimePerS: number;
  agreement: number; // largest difference of any feature
  images: number;
  sidePx: number;
  onnxruntimeBatch: number;
  sides: Record<string, { imagesPerS: Summary; disturbedRounds: number; peakMiB: number }>;
};

function largestDifference(pathA: string, pathB: string): number {
  const [a, b] = [pathA, pathB].map((path) => new Float32Array(Uint8Array.from(readFileSync(path)).buffer));
  if (a!.length !== b!.length) throw new Error(`${a!.length} features are not ${b!.length}.`);
  return a!.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b![i]!)), 0);
}

/** Our Inception features beside onnxruntime's, resizing to 299 px included, on the same noise and weights. */
export async function compareFeatures(options: BenchOptions, versions: Versions): Promise<FeatureFigures> {
  const jobs = createFeatureJobs(options, { count: 32, side: 64 });
  try {
    const contenders = [await jobs.ours(), await jobs.onnxruntime()];
    const paths = contenders.map(({ name }) => jobs.path(name));
    for (const [i, contender] of contenders.entries()) await contender.ask('write', { path: paths[i] });
    const agreement = largestDifference(paths[0]!, paths[1]!);
    if (agreement > agreementMax) throw new Error(`onnxruntime's features differ by ${agreement}.`);
    const { batch } = await contenders[1]!.ask<{ batch: number }>('tune');
    const turns = contenders.map((contender) => ({
      contender,
      command: 'features',
      request: {},
      items: jobs.count,
    }));
    const rates = await alternate(turns, options.rounds);
    const sides: FeatureFigures['sides'] = {};
    for (const contender of contenders) {
      const figures = await contender.ask<{ peakMiB: number; versions: Versions }>('figures');
      Object.assign(versions, figures.versions);
      const { perS, disturbed } = rates.get(contender.name)!;
      sides[contender.name] = {
        imagesPerS: summarize(perS),
        disturbedRounds: disturbed,
        peakMiB: figures.peakMiB,
      };
      await contender.close();
    }
    const speed = (name: string) => sides[name]!.imagesPerS.median;
    return {
      oursPerS: speed('ours'),
      onnxruntimePerS: speed('onnxruntime'),
      agreement,
      images: jobs.count,
      sidePx: jobs.side,
      onnxruntimeBatch: batch,
      sides,
    };
  } finally {
    jobs.remove();
  }
}
