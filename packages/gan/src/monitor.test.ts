import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { createPool } from './batches.ts';
import { type Checkpoint, generatorWeights } from './checkpoint.ts';
import { createSampler } from './sample.ts';
import { noJudgedSteps } from './schedule.ts';
import { createState, downloadState, uploadState } from './state.ts';
import { tinyPreset } from './test-data.ts';
import { createTrainer } from './trainer.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const size = tinyPreset.resolution;

async function untrained(): Promise<Checkpoint> {
  const state = createState(tinyPreset, 2, 3);
  const tensors = await downloadState(state);
  tf.dispose(state);
  const counters = {
    seed: 3,
    step: 0,
    imagesShown: 0,
    lambda: 0,
    judgeAccuracy: null,
    judged: noJudgedSteps,
  };
  return { preset: tinyPreset, classNames: ['a', 'b'], ...counters, tensors };
}

/** The coverage of films that the generator drew itself, by the generator and by one of which `change` was made. */
async function coverageOfItself(change: (average: Float32Array) => void): Promise<readonly number[]> {
  const checkpoint = await untrained();
  const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 2);
  const sampler = createSampler(generatorWeights(checkpoint), tinyPreset);
  const pool = createPool({ images: sampler.sample({ labels, seed: 77, psi: 1 }), labels }, size, 2);
  sampler.dispose();
  change(checkpoint.tensors.average!.data);
  const options = { preset: tinyPreset, seed: 1, train: pool, validation: pool, judge: null, xla: false };
  const trainer = createTrainer(options, uploadState(tinyPreset, checkpoint));
  const { coverage } = await trainer.readMonitor(250);
  trainer.dispose();
  return coverage;
}

test('a generator covers films like its own, in each class', async () => {
  for (const coverage of await coverageOfItself(() => {})) expect(coverage).toBeGreaterThan(0.6);
});

test('one that draws the same image always does not', async () => {
  for (const coverage of await coverageOfItself((average) => average.fill(0)))
    expect(coverage).toBeLessThan(0.1);
});

test('looking twice at the same step sees the same, and leaves nothing on the device', async () => {
  const first = await coverageOfItself(() => {});
  const before = tf.memory().numTensors;
  expect(await coverageOfItself(() => {})).toEqual(first);
  expect(tf.memory().numTensors).toBe(before);
});
