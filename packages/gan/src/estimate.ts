import { discriminatorSpecs } from './networks/discriminator.ts';
import { blockResolutions, generatorSpecs } from './networks/generator.ts';
import { countParameters, type ParameterSpec, sizeOf } from './parameters.ts';
import { type GanPreset, runsSideBySide } from './presets.ts';

/** How a training of this size is best spread over threads: the settings for `initCompute`. Small ops side by side, large ones in parts. */
export function spreadThreads(preset: GanPreset, threads: number): { threads: number; opThreads: number } {
  return { threads, opThreads: runsSideBySide(preset) ? 1 : threads };
}

/** Places at which a convolution is computed. Names state the block's resolution; doubling and halving convolutions run at half of it. */
function placesOf(name: string, preset: GanPreset): number {
  const stated =
    blockResolutions(preset).find((r) => name.split('.').includes(String(r))) ?? preset.resolution;
  const doubles = name.startsWith('synthesis') && name.endsWith('conv0.weight') && stated > 4;
  if (doubles) return preset.resampling === 'fir' ? (stated / 2) ** 2 : stated ** 2 * (16 / 36); // see convDoubled
  const halves = !name.startsWith('synthesis') && /(conv1|skip)\.weight$/.test(name);
  return halves ? (stated / 2) ** 2 : stated ** 2;
}

/** Multiply-adds of one image through one pass. */
function multiplyAdds(specs: ParameterSpec[], preset: GanPreset): number {
  return specs
    .filter((spec) => spec.name.endsWith('.weight'))
    .reduce(
      (sum, { name, shape }) => sum + sizeOf(shape) * (shape.length === 4 ? placesOf(name, preset) : 1),
      0,
    );
}

/**
 * GFLOP per image shown: 4 generator and 8 discriminator passes' worth (a backward pass counts twice), and the shares of R1 and of path
 * length, a gradient's gradient each: six passes' worth, path length's on half a batch. The relativistic loss looks at reals in
 * the generator's step too, and R2 draws fakes and costs what R1 does.
 */
export function gflopPerImage(preset: GanPreset, classCount: number): number {
  const generator = multiplyAdds(generatorSpecs(preset, classCount), preset);
  const discriminator = multiplyAdds(discriminatorSpecs(preset, classCount), preset);
  const lazily = 1 / preset.r1.interval;
  const pathLength = preset.pathLength ? 3 / preset.pathLength.interval : 0;
  const passes = (4 + pathLength) * generator + (8 + 6 * lazily) * discriminator;
  const paired = lazily * generator + (1 + 6 * lazily) * discriminator;
  return (2 * (passes + (preset.loss === 'relativistic' ? paired : 0))) / 1e9;
}

/**
 * Sustained GFLOP/s: demo-32 with two threads, measured; an A100 at the reference's published 12.5 s per 1,000 images at 256 px. One
 * thread alone reaches 45, because small maps gain little from a second.
 */
const sustained = { cpuCore: 30, a100: 32_000 };

export type Device = { kind: 'cpu'; cores: number } | { kind: 'a100' };

export type TrainingPlan = {
  parametersGenerator: number;
  parametersDiscriminator: number;
  gflopPerImage: number;
  seconds: number; // a forecast for a quiet machine; correct it with measured progress
  memoryGiB: number;
  verdict: 'fits' | 'too-large-for-cpu';
};

const cpuSecondsMax = 24 * 3600;

/** What a run would take, before its first step. Pure. */
export function planTraining(
  preset: GanPreset,
  options: { classCount: number; imagesShown?: number; device: Device },
): TrainingPlan {
  const { classCount, device } = options;
  const gflop = gflopPerImage(preset, classCount);
  const speed = device.kind === 'cpu' ? sustained.cpuCore * device.cores : sustained.a100;
  const seconds = (gflop * (options.imagesShown ?? preset.imagesShown)) / speed;
  return {
    parametersGenerator: countParameters(generatorSpecs(preset, classCount)),
    parametersDiscriminator: countParameters(discriminatorSpecs(preset, classCount)),
    gflopPerImage: gflop,
    seconds,
    memoryGiB: preset.memoryGiB,
    verdict: device.kind === 'cpu' && seconds > cpuSecondsMax ? 'too-large-for-cpu' : 'fits',
  };
}

/**
 * Images to show for so many training films of each class: the preset's, or fewer when films would be repeated too often. Batches
 * draw the classes evenly, so the films of the rarest class come round most often, and they set the cap.
 */
export function imagesToShow(preset: GanPreset, filmsOfClasses: readonly number[]): number {
  return Math.min(preset.imagesShown, preset.passesMax * filmsOfClasses.length * Math.min(...filmsOfClasses));
}

/** Seconds left of a run, from what it has done since it (re)started. Null until something was done. */
export function estimateSecondsLeft(done: {
  imagesAtStart: number;
  imagesShown: number;
  imagesTotal: number;
  secondsElapsed: number;
}): number | null {
  const images = done.imagesShown - done.imagesAtStart;
  return images > 0 ? (done.secondsElapsed * (done.imagesTotal - done.imagesShown)) / images : null;
}
