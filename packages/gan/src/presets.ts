import type { AugmentSettings } from './augment.ts';
import type { AdversarialLoss } from './losses.ts';

/** Of feature maps. `box`: repeat, 2×2 mean (cheap). `fir`: StyleGAN2's [1,3,3,1] low-pass filter, which gray images always get. */
export type Resampling = 'box' | 'fir';

/** A network and its schedule as data. Lengths are counted in images shown to the discriminator, never in seconds. */
export type GanPreset = {
  name: string;
  /** Grows with every change of what is trained. A checkpoint goes on only with its own; version 1 is that of Synspine 0.1.0. */
  version: number;
  resolution: number; // square, a power of two ≥ 8
  latentDim: number; // z
  styleDim: number; // w, and the width of the label projection
  mappingLayers: number;
  mappingLearningRateMultiplier: number;
  /** `one-hot` goes in as it is; `embedded` passes a dense layer and is normalised first (StyleGAN2-ADA). */
  labelInput: 'one-hot' | 'embedded';
  discriminatorLabelLayers: number; // dense layers between label embedding and projection
  channelBase: number; // channels at resolution r = min(channelBase / r, channelMax)
  channelMax: number;
  convsPerBlock: 1 | 2; // in the generator
  resampling: Resampling; // in the generator
  discriminatorResampling: Resampling;
  minibatchStdGroup: number;
  styleMixing: number; // probability per image
  batch: number;
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  loss: AdversarialLoss;
  r1: { gamma: number; interval: number }; // of R2 too, which goes with the relativistic loss
  pathLength: { weight: number; interval: number; decay: number } | null;
  ema: { halfLifeImages: number; ramp: number }; // ramp: half-life is at most ramp × images shown so far
  styleAverageDecay: number;
  augment: AugmentSettings;
  /** λ, and when the judge's term begins and how long it takes to reach λ: shares of the images that the run will show. */
  judge: { lambda: number; startShare: number; rampShare: number };
  imagesShown: number;
  /** Times that a training film of the rarest class may be shown, and so any. More passes over few films make copies, not better films. */
  passesMax: number;
  expectedHoursA100: number; // one GPU, from the GFLOP per image and the published speed of the reference at 256 px
  memoryGiB: number; // on the device, training
};

export type PresetName =
  | 'demo-32'
  | 'demo-64'
  | 'small-32'
  | 'small-64'
  | 'small-128'
  | 'clinic-256'
  | 'paper-256'
  | 'paper-256-multi'
  | 'published-256'
  | 'published-256-multi';

/**
 * Films keep left and right: flips and quarter turns stay off unless a preset turns them on. Whole pixels and no scale: what is
 * interpolated is blurred, and a generator whose every film is looked at through a blur needn't draw what the blur takes away.
 */
const filmAugment: AugmentSettings = {
  policy: { mode: 'fixed', p: 0.5 },
  distribution: 'uniform',
  shift: 0.1,
  wholePixelShifts: true,
  scaleLog2: 0,
  anisotropyLog2: 0,
  rotationDegrees: 0,
  brightness: 0.2,
  contrastLog2: 0.3,
  flipX: false,
  quarterTurns: false,
  lumaFlip: false,
};

const adaptive = {
  mode: 'adaptive',
  target: 0.6, // E sign D(augmented real): above it the discriminator overfits
  intervalSteps: 4,
  imagesToFullStrength: 500_000,
  pMax: 0.8,
} as const;

/** As far as the privacy audit seeks an altered copy. What training alters further, the audit can't vouch for. */
const REACH = { rotationDegrees: 12, shift: 0.12, scaleLog2Max: 0.32 };

/** StyleGAN2-ADA's geometry and colour pipeline for one channel, as the paper used it. */
const publishedAugment: AugmentSettings = {
  policy: adaptive,
  distribution: 'normal',
  shift: 0.125,
  wholePixelShifts: false,
  scaleLog2: 0.2,
  anisotropyLog2: 0.2,
  rotationDegrees: 180,
  brightness: 0.2,
  contrastLog2: 0.5,
  flipX: true,
  quarterTurns: true,
  lumaFlip: true,
};

/** The same for films that stand upright, as radiographs do, and no further than the audit sees: it seeks none stretched one way. */
const paperAugment: AugmentSettings = {
  ...publishedAugment,
  ...REACH,
  anisotropyLog2: 0,
  quarterTurns: false,
};

/** λ = .1: after `start` images it rises over `ramp` more, where a run shows `planned`; a shorter run in proportion. */
function judgeFrom(start: number, ramp: number, planned: number): GanPreset['judge'] {
  return { lambda: 0.1, startShare: start / planned, rampShare: ramp / planned };
}

const demo32: GanPreset = {
  name: 'demo-32',
  version: 2,
  resolution: 32,
  latentDim: 64,
  styleDim: 64,
  mappingLayers: 2,
  mappingLearningRateMultiplier: 1,
  labelInput: 'one-hot',
  discriminatorLabelLayers: 0,
  channelBase: 512,
  channelMax: 64,
  convsPerBlock: 1,
  resampling: 'fir',
  discriminatorResampling: 'box',
  minibatchStdGroup: 4,
  styleMixing: 0,
  batch: 8, // 2,000 updates in 16,000 images
  learningRate: 0.002,
  beta1: 0,
  beta2: 0.99,
  epsilon: 1e-8,
  loss: 'logistic',
  r1: { gamma: 0.5, interval: 8 },
  pathLength: null,
  ema: { halfLifeImages: 2_000, ramp: 0.2 }, // a short run needs a long memory early
  styleAverageDecay: 0.995,
  augment: filmAugment,
  judge: judgeFrom(2_500, 2_500, 16_000),
  imagesShown: 16_000,
  passesMax: 100,
  expectedHoursA100: 0.05,
  memoryGiB: 1,
};

const paper256: GanPreset = {
  name: 'paper-256',
  version: 4,
  resolution: 256,
  latentDim: 512,
  styleDim: 512,
  mappingLayers: 2,
  mappingLearningRateMultiplier: 0.01,
  labelInput: 'embedded',
  discriminatorLabelLayers: 8,
  channelBase: 16_384,
  channelMax: 512,
  convsPerBlock: 2,
  resampling: 'fir',
  discriminatorResampling: 'fir',
  minibatchStdGroup: 4,
  styleMixing: 0.9,
  batch: 16,
  learningRate: 0.0025,
  beta1: 0,
  beta2: 0.99,
  epsilon: 1e-8,
  loss: 'logistic',
  r1: { gamma: (0.0002 * 256 ** 2) / 16, interval: 16 }, // .8192
  pathLength: { weight: 2, interval: 4, decay: 0.01 }, // as StyleGAN2-ADA has it
  ema: { halfLifeImages: 5_000, ramp: 0.05 },
  styleAverageDecay: 0.995,
  augment: paperAugment,
  judge: judgeFrom(200_000, 100_000, 4_200_000), // the paper: after 200,000
  imagesShown: 4_200_000,
  passesMax: 1_500, // the paper: 4.2 M images over 3,018 films
  expectedHoursA100: 15,
  memoryGiB: 12,
};

const paper256Multi: GanPreset = {
  ...paper256,
  name: 'paper-256-multi',
  judge: judgeFrom(200_000, 100_000, 1_200_000),
  imagesShown: 1_200_000,
  expectedHoursA100: 4.3,
};

/** The networks and schedules a run may name. Nothing here reads the machine: whether one fits is `planTraining`'s question. */
export const presets: Record<PresetName, GanPreset> = {
  'demo-32': demo32,
  'demo-64': {
    ...demo32,
    name: 'demo-64',
    resolution: 64,
    r1: { gamma: 1, interval: 8 },
    expectedHoursA100: 0.1,
    memoryGiB: 2,
  },
  'small-32': {
    ...demo32,
    name: 'small-32',
    convsPerBlock: 2, // what tells eight findings apart is small
    r1: { gamma: 0.1, interval: 8 },
    augment: { ...filmAugment, policy: { mode: 'fixed', p: 0.65 } }, // films go on getting better twice as long
    imagesShown: 84_000,
    passesMax: 315, // measured on 267 films
    expectedHoursA100: 0.1,
  },
  'small-64': {
    ...demo32,
    name: 'small-64',
    resolution: 64,
    channelBase: 1_024, // 8 channels at 64 px, as demo-64 has, draw no vertebrae however long they learn
    channelMax: 128,
    convsPerBlock: 2, // after one convolution and the low-pass filter of doubling, edges stay soft
    r1: { gamma: (0.0002 * 64 ** 2) / 8, interval: 8 },
    augment: { ...filmAugment, policy: { mode: 'fixed', p: 0.65 } }, // a wider discriminator overfits sooner
    imagesShown: 112_000,
    passesMax: 420,
    expectedHoursA100: 0.2,
    memoryGiB: 3,
  },
  'small-128': {
    ...demo32,
    name: 'small-128',
    version: 4,
    resolution: 128,
    batch: 16,
    learningRate: 0.0025,
    latentDim: 256,
    styleDim: 256,
    channelBase: 4_096,
    channelMax: 256,
    convsPerBlock: 2,
    discriminatorResampling: 'fir',
    styleMixing: 0.9,
    r1: { gamma: (0.0002 * 128 ** 2) / 16, interval: 16 },
    ema: { halfLifeImages: 5_000, ramp: 0.05 },
    // A turn blurs by itself: this preset's shifts and scales are as they were measured.
    augment: {
      ...filmAugment,
      policy: adaptive,
      wholePixelShifts: false,
      scaleLog2: 0.2,
      rotationDegrees: REACH.rotationDegrees,
    },
    judge: judgeFrom(100_000, 50_000, 600_000),
    imagesShown: 600_000,
    passesMax: 1_200,
    expectedHoursA100: 0.6,
    memoryGiB: 4,
  },
  'clinic-256': {
    ...paper256,
    name: 'clinic-256',
    channelBase: 8_192,
    channelMax: 256,
    discriminatorLabelLayers: 0,
    augment: { ...paperAugment, flipX: false, lumaFlip: false },
    judge: judgeFrom(200_000, 100_000, 2_000_000),
    imagesShown: 2_000_000,
    expectedHoursA100: 2,
    memoryGiB: 6,
  },
  'paper-256': paper256,
  'paper-256-multi': paper256Multi,
  // As printed, to repeat the paper's tables inside a hospital; films are turned further than any audit looks.
  'published-256': { ...paper256, name: 'published-256', version: 3, augment: publishedAugment },
  'published-256-multi': {
    ...paper256Multi,
    ...{ name: 'published-256-multi', version: 3, augment: publishedAugment },
  },
};

/** Whether the steps' ops are so small that a CPU runs two of them at once faster than one on two cores. */
export function runsSideBySide({ resolution }: GanPreset): boolean {
  return resolution <= 64;
}
