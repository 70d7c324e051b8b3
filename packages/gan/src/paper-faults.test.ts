import { foldSeed, initCompute, tf } from '@synspine/compute';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AugmentSettings, augment } from './augment.ts';
import type { DomainJudge } from './judge.ts';
import { labelCrossEntropy } from './losses.ts';
import { generatorSpecs, synthesize } from './networks/generator.ts';
import { unflatten } from './parameters.ts';
import { type PresetName, presets } from './presets.ts';
import { nextLambda, scheduledLambda } from './schedule.ts';
import { createState } from './state.ts';
import { createGeneratorStep } from './steps/generator-step.ts';
import { describeNetworks, drawStyles } from './steps/networks.ts';
import { noAugment, tinyPreset, twoSides } from './test-data.ts';
import { type TrainingProgress, trainGan } from './train.ts';

/* What the released code of the SpineGAN paper got wrong, and ours must not. */

beforeAll(() => {
  initCompute({ threads: 2 });
});

const side = tinyPreset.resolution;

describe('the judge', () => {
  /** Logits that are pixels: its cross-entropy tells what it saw. */
  const pixels: DomainJudge = {
    parameters: {},
    logits: (_, images) => tf.slice(tf.reshape(images, [images.shape[0], side * side]), [0, 9], [-1, 2]),
  };
  const strong: AugmentSettings = {
    ...noAugment,
    shift: 0.4,
    brightness: 2,
    contrastLog2: 2,
    lumaFlip: true,
  };

  const label = () => tf.oneHot([0, 1, 0, 1, 0, 1, 0, 1], 2).toFloat() as tf.Tensor2D;
  const seed = () => tf.tensor1d([1, 2], 'int32');

  /** The same fakes drawn by themselves. */
  function crossEntropyOfFakes(): number {
    const specs = generatorSpecs(tinyPreset, 2);
    const g = unflatten(specs, createState(tinyPreset, 2, 3).generator);
    const fakes = synthesize(tinyPreset, g, drawStyles(tinyPreset, g, label(), foldSeed(seed(), 0)).styles);
    return labelCrossEntropy(pixels.logits({}, fakes) as tf.Tensor2D, label()).dataSync()[0]!;
  }

  /** One update of the generator; the judge's cross-entropy over its fakes, and D's loss. */
  function lossesWith(augmentSettings: AugmentSettings, judge: DomainJudge): [number, number] {
    const preset = { ...tinyPreset, augment: augmentSettings };
    const networks = describeNetworks(preset, 2, false);
    const state = createState(preset, 2, 3);
    const step = createGeneratorStep(networks, judge, {});
    const side = { ...state, parameters: state.generator, moments: state.generatorMoments };
    const { discriminator } = state;
    const controls = { corrections: tf.tensor1d([1, 1]), averageWeight: tf.scalar(0), lambda: tf.scalar(1) };
    const fixed = { side, discriminator, augment: tf.tensor1d([1, 0]), judge: {}, ...controls };
    const { stats } = step(fixed, { images: tf.zeros([8, 8, 8, 1]), label: label() }, seed());
    const [adversarial, crossEntropy] = stats.dataSync();
    step.dispose();
    return [adversarial!, crossEntropy!];
  }

  test('sees the generator’s images as they are, in −1 to 1, and never augmented', () => {
    const [plain, augmented] = [lossesWith(noAugment, pixels), lossesWith(strong, pixels)];
    expect(augmented[1]).toBeCloseTo(plain[1], 6);
    expect(augmented[0]).not.toBeCloseTo(plain[0], 3);
    expect(plain[1]).toBeCloseTo(crossEntropyOfFakes(), 5);
  });

  test('is frozen: training changes none of its weights', async () => {
    const parameters = { gain: tf.tensor2d([[3, -3]]), unused: tf.scalar(7) };
    const judge: DomainJudge = {
      parameters,
      logits: (p, images) => tf.matMul(tf.mean(images, [1, 2]) as tf.Tensor2D, p.gain as tf.Tensor2D),
    };
    const { progress } = await train({ judge, lambda: 1, steps: 100 });
    expect(progress.at(-1)!.judgeCrossEntropy).toBeGreaterThan(0); // it did take part
    expect([...parameters.gain.dataSync(), ...parameters.unused.dataSync()]).toEqual([3, -3, 7]);
  });
});

type Job = { judge: DomainJudge; lambda: number; steps: number; swapValidation?: boolean };

async function train({ judge, lambda, steps, swapValidation = false }: Job) {
  const preset = { ...tinyPreset, judge: { lambda, startShare: 2 / 15, rampShare: 2 / 3 } };
  const validation = twoSides(24, side);
  if (swapValidation) validation.labels = validation.labels.map((label) => 1 - label);
  const progress: TrainingProgress[] = [];
  const { checkpoint } = await trainGan({
    preset,
    ...twoSides(24, side),
    classNames: ['left', 'right'],
    validation,
    judge,
    ...{ seed: 11, imagesShown: steps * preset.batch, xla: false, checkpointEvery: Number.MAX_SAFE_INTEGER },
    onProgress: (line) => progress.push(line),
    onCheckpoint: () => {},
  });
  return { progress, lambda: checkpoint.lambda };
}

describe('films keep left and right', () => {
  /** White on the left, black on the right. [64,side,side,1] */
  const marked = (): tf.Tensor4D => {
    const left = tf.ones([64, side, side / 2, 1]) as tf.Tensor4D;
    return tf.concat([left, tf.neg(left)], 2);
  };

  /** Share of augmented images, at full strength, whose left half is no longer the brighter one. */
  function mirrored(settings: AugmentSettings): number {
    return tf.tidy(() => {
      const seen = augment(
        { ...settings, lumaFlip: false },
        marked(),
        tf.scalar(1),
        tf.tensor1d([5, 6], 'int32'),
      );
      const [left, right] = tf.split(seen, 2, 2).map((half) => tf.mean(half, [1, 2, 3]));
      return tf.mean(tf.cast(tf.lessEqual(left!, right!), 'float32')).dataSync()[0]!;
    });
  }

  test.each(Object.keys(presets) as PresetName[])(
    '%s: mirrors and turns only if it is the paper’s',
    (name) => {
      const isPaper = /^(paper|published)-/.test(name);
      const { flipX, quarterTurns, lumaFlip } = presets[name].augment;
      expect([flipX, quarterTurns, lumaFlip]).toEqual([isPaper, name.startsWith('published-'), isPaper]);
      const share = mirrored(presets[name].augment);
      expect(share > 0.2).toBe(isPaper);
      if (!isPaper) expect(share).toBe(0);
    },
  );
});

describe('the judge’s term', () => {
  const value = (x: tf.Tensor) => x.dataSync()[0]!;

  test('is −c·log S − (1−c)·log(1−S) for two labels: smallest when S is sure of the right one, whichever that is', () => {
    const loss = (p: number, c: number) => {
      const logits = tf.tensor2d([[0, Math.log(p / (1 - p))]]); // S = p
      return value(labelCrossEntropy(logits, tf.tensor2d([[1 - c, c]])));
    };
    for (const p of [0.1, 0.5, 0.9])
      for (const c of [0, 1]) expect(loss(p, c)).toBeCloseTo(-c * Math.log(p) - (1 - c) * Math.log(1 - p), 5);
  });

  test('is the softmax cross-entropy for eight', () => {
    const logits = [0.5, -1, 2, 0, 1, -0.5, 0.25, -2];
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    for (const [k, x] of logits.entries()) {
      const label = tf.oneHot([k], 8).toFloat() as tf.Tensor2D;
      expect(value(labelCrossEntropy(tf.tensor2d([logits]), label))).toBeCloseTo(Math.log(total) - x, 5);
    }
  });

  test.each(['paper-256', 'paper-256-multi', 'clinic-256'] as const)(
    '%s: begins after 200,000 images of a run of full length and reaches .1',
    (name) => {
      const { judge, imagesShown } = presets[name];
      const at = (images: number) => scheduledLambda(judge, judge.lambda, images / imagesShown);
      expect([at(0), at(199_999), at(200_000)]).toEqual([0, 0, 0]);
      expect(at(200_016)).toBeGreaterThan(0);
      expect(at(1_000_000)).toBe(0.1);
    },
  );

  test('never rises once S is surer of fakes than of held-out films, and goes on rising before', () => {
    expect(nextLambda(0.04, 0.06, 0.9, 0.9)).toBe(0.06);
    expect(nextLambda(0.04, 0.06, 0.91, 0.9)).toBe(0.04);
  });

  const judge: DomainJudge = {
    parameters: {},
    logits: (_, images) => {
      const [left, right] = tf.split(images, 2, 2).map((half) => tf.mean(half, [1, 2]));
      return tf.mul(tf.concat([left!, right!], 1), 4);
    },
  };

  test('reaches its full weight where S is right on held-out films', async () => {
    const { progress, lambda } = await train({ judge, lambda: 0.5, steps: 150 });
    expect(progress[0]!.judgeAccuracyHeldOut).toBe(1);
    expect(lambda).toBe(0.5);
  });

  test('stays where it was where S is wrong on held-out films but takes the fakes for real', async () => {
    const { progress, lambda } = await train({ judge, lambda: 0.5, steps: 150, swapValidation: true });
    expect(progress[0]!.judgeAccuracyHeldOut).toBe(0);
    expect(lambda).toBeGreaterThan(0);
    expect(lambda).toBeLessThan(0.5);
  });
});
