import { initCompute, tf } from '@synspine/compute';
import { describe, expect, test } from 'vitest';
import { drawCurves } from '../../packages/classifier/src/curves.fixture.ts';
import { createJudge, trainClassifier } from '../../packages/classifier/src/index.ts';
import { createPool } from '../../packages/gan/src/batches.ts';
import { createSampler, type GanPreset, generatorWeights, trainGan } from '../../packages/gan/src/index.ts';
import { createState } from '../../packages/gan/src/state.ts';
import { tinyPreset, twoSides } from '../../packages/gan/src/test-data.ts';
import { createTrainer } from '../../packages/gan/src/trainer.ts';
import { createInception } from '../../packages/metrics/src/index.ts';
import { recordTracedOps } from './record-ops.ts';
import { differenceOf, runOp } from './run-op.ts';

/*
 * Every kind of native op that the networks' traced functions are made of, found by running them, gives in a traced function of its own,
 * plain and under XLA, what it gives eagerly.
 */

const steps = 5; // a step of each kind
const base: GanPreset = { ...tinyPreset, resolution: 16, r1: { gamma: 1, interval: 4 } };
const presets: GanPreset[] = [
  base,
  {
    ...base,
    labelInput: 'embedded',
    convsPerBlock: 2,
    resampling: 'fir',
    discriminatorResampling: 'fir',
    pathLength: { weight: 2, interval: 4, decay: 0.01 },
    augment: {
      policy: { mode: 'adaptive', target: 0.6, intervalSteps: 4, imagesToFullStrength: 2000, pMax: 0.8 },
      distribution: 'normal',
      shift: 0.1,
      wholePixelShifts: true,
      scaleLog2: 0.2,
      anisotropyLog2: 0.2,
      rotationDegrees: 30,
      brightness: 0.2,
      contrastLog2: 0.3,
      flipX: true,
      quarterTurns: true,
      lumaFlip: true,
    },
  },
];

async function runGan(preset: GanPreset, xla: boolean): Promise<void> {
  const size = preset.resolution;
  const [training, validation] = [drawCurves(24, size, 1), drawCurves(12, size, 2)];
  const classifier = await trainClassifier({
    training,
    validation,
    size,
    classes: 2,
    seed: 1,
    steps: 2,
    xla,
  });
  const judge = createJudge(classifier.parameters);
  const { checkpoint } = await trainGan({
    ...twoSides(24, size),
    preset,
    classNames: ['left', 'right'],
    validation: twoSides(6, size),
    judge,
    lambda: 0.5,
    seed: 11,
    imagesShown: steps * preset.batch,
    xla,
    checkpointEvery: Number.MAX_SAFE_INTEGER,
    onProgress: () => {},
    onCheckpoint: () => {},
  });
  const sampler = createSampler(generatorWeights(checkpoint), preset);
  sampler.sample({ labels: Uint8Array.of(0, 1), seed: 1, psi: 0.7 });
  sampler.dispose();
  tf.dispose(judge.parameters);
}

/** The monitor looks every 250 steps only, so it is called by itself. */
async function runMonitor(preset: GanPreset, xla: boolean): Promise<void> {
  const pool = createPool(twoSides(24, preset.resolution), preset.resolution, 2);
  const options = { preset, seed: 1, train: pool, validation: pool, judge: null, xla };
  const trainer = createTrainer(options, createState(preset, 2, 3));
  await trainer.readMonitor(0);
  trainer.dispose();
}

async function record() {
  initCompute({ threads: 2 });
  const recording = recordTracedOps();
  for (const xla of [false, true]) {
    for (const preset of presets) {
      await runGan(preset, xla);
      await runMonitor(preset, xla);
    }
  }
  const inception = createInception({ batch: 1 });
  inception.features(new Uint8Array(64 ** 2), 1, 64, 64);
  inception.dispose();
  recording.stop();
  return recording;
}

const { ops, functions } = await record();
const names = [...new Set([...ops.values()].map(({ name }) => name))];

test('every compiled function of the networks was traced', () => {
  expect([...functions].sort()).toEqual([
    ...[
      'gan_discriminator',
      'gan_generator',
      'gan_generator_judged',
      'gan_judge_held_out',
      'gan_monitor',
      'gan_path_length',
      'gan_r1',
    ],
    ...['gan_sample', 'inception', 'small_cnn_training_step'],
  ]);
});

describe.each(['plain', 'xla'] as const)('traced (%s)', (mode) => {
  test.each(names)('%s gives what it gives eagerly, whatever its attributes', (name) => {
    for (const op of [...ops.values()].filter((recorded) => recorded.name === name)) {
      const difference = differenceOf(runOp(op, mode), runOp(op, 'eager'));
      expect(difference, JSON.stringify(op.attributes)).toBeLessThan(1e-5);
    }
  });
});
