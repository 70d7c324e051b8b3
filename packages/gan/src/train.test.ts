import { readFileSync } from 'node:fs';
import { compileCounts, initCompute, liveTensors, tf } from '@synspine/compute';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  generatorWeights,
  judgeFacts,
} from './checkpoint.ts';
import type { DomainJudge } from './judge.ts';
import { type GanPreset, type PresetName, presets } from './presets.ts';
import { createSampler } from './sample.ts';
import { tinyPreset, twoSides } from './test-data.ts';
import { type TrainingOptions, type TrainingProgress, type TrainingResult, trainGan } from './train.ts';
import { decodeStart } from './transfer.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const adaptivePreset: GanPreset = {
  ...tinyPreset,
  pathLength: { weight: 2, interval: 4, decay: 0.01 },
  augment: {
    ...tinyPreset.augment,
    policy: { mode: 'adaptive', target: 0.6, intervalSteps: 4, imagesToFullStrength: 2000, pMax: 0.8 },
  },
};

function options(preset: GanPreset, steps: number): TrainingOptions {
  return {
    preset,
    ...twoSides(24, preset.resolution),
    classNames: ['left', 'right'],
    validation: twoSides(6, preset.resolution),
    seed: 11,
    imagesShown: steps * preset.batch,
    xla: false,
    checkpointEvery: Number.MAX_SAFE_INTEGER,
    onProgress: () => {},
    onCheckpoint: () => {},
  };
}

const losses = ['logistic', 'relativistic'] as const;

test.each(losses)(
  '%s: 20 steps give the same bytes as 10, a checkpoint on disk, and 10 more',
  async (loss) => {
    const preset = { ...adaptivePreset, loss };
    const straight = await trainGan(options(preset, 20));
    const half = await trainGan(options(preset, 10));
    const resume = decodeCheckpoint(encodeCheckpoint(half.checkpoint), preset);
    const resumed = await trainGan({ ...options(preset, 20), resume });
    expect(Buffer.compare(encodeCheckpoint(resumed.checkpoint), encodeCheckpoint(straight.checkpoint))).toBe(
      0,
    );
  },
);

test('a resumed training compiles nothing anew, unless its network differs', async () => {
  const half = await trainGan(options(adaptivePreset, 10));
  const before = compileCounts().traces;
  await trainGan({ ...options(adaptivePreset, 20), resume: half.checkpoint });
  expect(compileCounts().traces).toBe(before);
  await trainGan(options({ ...adaptivePreset, batch: adaptivePreset.batch / 2 }, 2));
  expect(compileCounts().traces).toBeGreaterThan(before);
});

test('another seed gives another generator', async () => {
  const [a, b] = [
    await trainGan(options(tinyPreset, 2)),
    await trainGan({ ...options(tinyPreset, 2), seed: 12 }),
  ];
  expect(Buffer.compare(generatorWeights(a.checkpoint), generatorWeights(b.checkpoint))).not.toBe(0);
});

test('a training in bfloat16 goes a nearby way, and float32’s own where the CPU has no bfloat16', async () => {
  const [full, low] = [
    await trainGan(options(tinyPreset, 2)),
    await trainGan({ ...options(tinyPreset, 2), precision: 'bfloat16' }),
  ];
  const hasBfloat16 = /avx512_bf16|amx_bf16/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  const [a, b] = [full, low].map(({ checkpoint }) => checkpoint.tensors.generator!.data);
  expect(a!.every((value, i) => value === b![i])).toBe(!hasBfloat16);
  expect(Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)))).toBeLessThan(0.05);
});

test('a run frees what it made', async () => {
  await trainGan(options(adaptivePreset, 4));
  const before = [tf.memory().numTensors, liveTensors()];
  await trainGan(options(adaptivePreset, 12));
  expect([tf.memory().numTensors, liveTensors()]).toEqual(before);
});

test.each(losses)('%s: the generator learns which side each label lights', async (loss) => {
  const preset = { ...tinyPreset, loss, ema: { halfLifeImages: 300, ramp: 0.05 }, learningRate: 0.01 };
  const seen: TrainingProgress[] = [];
  const result = await trainGan({ ...options(preset, 300), onProgress: (p) => seen.push(p) });
  expect(seen.map((p) => p.step)).toEqual([50, 100, 150, 200, 250, 300]);
  expect(seen.at(-1)!.overfitting).not.toBeNaN();
  expect(seen.every((p) => p.r2Penalty > 0)).toBe(loss === 'relativistic');
  const sampler = createSampler(generatorWeights(result.checkpoint), preset);
  const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 2);
  const images = sampler.sample({ labels, seed: 1, psi: 1 });
  sampler.dispose();
  const brightness = (image: number, from: number) => {
    const rows = Array.from({ length: 8 }, (_, y) =>
      images.subarray(image * 64 + y * 8 + from, image * 64 + y * 8 + from + 4),
    );
    return rows.flatMap((row) => [...row]).reduce((a, b) => a + b, 0);
  };
  const right = [...labels].filter((label, i) => (label === 0) === brightness(i, 0) > brightness(i, 4));
  expect(right.length).toBeGreaterThanOrEqual(17);
});

test('an abort ends with a checkpoint to go on from', async () => {
  const controller = new AbortController();
  const saved: Checkpoint[] = [];
  const result = await trainGan({
    ...options(tinyPreset, 100),
    checkpointEvery: 10 * tinyPreset.batch,
    signal: controller.signal,
    onCheckpoint: (c) => {
      saved.push(c);
      if (saved.length === 2) controller.abort();
    },
  });
  expect(result.status).toBe('aborted');
  expect(saved.map((c) => c.step)).toEqual([10, 20, 20]);
});

test('a diverged run throws with the last good checkpoint and saves nothing after it', async () => {
  const saved: Checkpoint[] = [];
  const good = await trainGan(options(tinyPreset, 4));
  const diverging = { ...tinyPreset, learningRate: 1e30 };
  const run = trainGan({
    ...options(diverging, 60),
    resume: good.checkpoint,
    onCheckpoint: (c) => void saved.push(c),
  });
  await expect(run).rejects.toMatchObject({ code: 'gan-non-finite', checkpoint: { step: 4 } });
  expect(saved).toEqual([]);
});

test('a judge pulls fakes to what it takes for their label, and lambda waits for its start', async () => {
  const judge = {
    parameters: { gain: tf.scalar(3) },
    // Class 1 is what is bright on average: unlike the data, so only the judge can have taught it.
    logits: (p: Record<string, tf.Tensor>, images: tf.Tensor4D) => {
      const score = tf.mul(tf.mean(images, [1, 2]), p.gain!); // [b,1]
      return tf.concat([tf.neg(score), score], 1);
    },
  };
  const preset = {
    ...tinyPreset,
    learningRate: 0.005,
    judge: { lambda: 5, startShare: 0.2, rampShare: 0.004 },
  };
  const seen: TrainingProgress[] = [];
  const result = await trainGan({ ...options(preset, 250), judge, onProgress: (p) => seen.push(p) });
  judge.parameters.gain.dispose();
  expect(seen[0]!.lambda).toBe(0);
  expect(result.checkpoint.lambda).toBeGreaterThan(0);
  expect(seen.at(-1)!.judgeCrossEntropy).toBeLessThan(0.7 * Math.log(2)); // the data's own brightness says log 2
  expect(seen.at(-1)!.judgeAccuracyHeldOut).toBeLessThanOrEqual(1);
});

describe('a run that is much shorter than its preset', () => {
  const judge: DomainJudge = {
    parameters: {},
    logits: (_, images) => {
      const [left, right] = tf.split(images, 2, 2).map((half) => tf.mean(half, [1, 2]));
      return tf.mul(tf.concat([left!, right!], 1), 4);
    },
  };

  let gan: TrainingResult;
  beforeAll(async () => {
    gan = await trainGan(options(tinyPreset, 20));
    expect(judgeFacts(gan.checkpoint).imagesShown).toBe(0);
  });

  test.each(Object.keys(presets) as PresetName[])(
    '%s: its SpineGAN still differs from its GAN after 160 images',
    async (name) => {
      const preset = { ...tinyPreset, judge: presets[name].judge };
      const spinegan = await trainGan({ ...options(preset, 20), judge });
      const [a, b] = [gan, spinegan].map(({ checkpoint }) => Buffer.from(generatorWeights(checkpoint)));
      expect(a!.equals(b!)).toBe(false);
      const { imagesShown, lambdaMean } = judgeFacts(spinegan.checkpoint);
      expect(imagesShown).toBeGreaterThan(160 / 2);
      expect(lambdaMean).toBeGreaterThan(0.05);
      expect(spinegan.checkpoint.lambda).toBe(preset.judge.lambda);
    },
  );

  test('says so when the term never had a weight', async () => {
    const never = { ...tinyPreset, judge: { lambda: 0.1, startShare: 1, rampShare: 0 } };
    const { checkpoint } = await trainGan({ ...options(never, 3), judge });
    expect(judgeFacts(checkpoint)).toEqual({ imagesShown: 0, share: 0, lambdaMean: 0, heldShare: 0 });
  });

  test('says what share of it was held, where the judge takes fakes for real and films for the wrong class', async () => {
    const validation = twoSides(6, 8);
    validation.labels = validation.labels.map((label) => 1 - label);
    const slow = { ...tinyPreset, judge: { lambda: 0.1, startShare: 0, rampShare: 1 } };
    const { checkpoint } = await trainGan({ ...options(slow, 100), validation, judge });
    const { heldShare, lambdaMean } = judgeFacts(checkpoint);
    expect(heldShare).toBeGreaterThan(0.45); // from the first report on, at step 50
    expect(lambdaMean).toBeLessThan(0.05);
  });
});

describe('a checkpoint of Synspine 0.1.0', () => {
  /** As 0.1.0 wrote it: no version, the judge's start in images, no count of judged steps. */
  function older(checkpoint: Checkpoint): Checkpoint {
    const { version: _, ...preset } = checkpoint.preset;
    const { judged: __, ...rest } = checkpoint;
    const judge = { lambda: 0.1, startImages: 2_500, rampImages: 2_500 };
    return { ...rest, preset: { ...preset, judge } } as unknown as Checkpoint;
  }

  test('is read, and refused by a training that goes otherwise, with the next step', async () => {
    const bytes = encodeCheckpoint(older((await trainGan(options(tinyPreset, 2))).checkpoint));
    const resume = decodeCheckpoint(bytes, tinyPreset);
    expect(resume.judged).toEqual({ applied: 0, held: 0, lambdaSum: 0 });
    await expect(trainGan({ ...options(tinyPreset, 4), resume })).rejects.toMatchObject({
      code: 'gan-checkpoint-mismatch',
      message: expect.stringMatching(/version 1 of tiny-8.*version 2.*cancel/),
    });
    await trainGan({ ...options(tinyPreset, 2), startFrom: decodeStart(bytes, tinyPreset) });
  });
});
