import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { encodeCheckpoint, generatorWeights } from './checkpoint.ts';
import { measureTraining, storedBytes } from './measure.ts';
import { noJudgedSteps } from './schedule.ts';
import { createState, downloadState } from './state.ts';
import { tinyPreset } from './test-data.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

test('a measurement takes real steps and leaves nothing behind', async () => {
  await measureTraining(tinyPreset, { classCount: 3, xla: false });
  const before = tf.memory().numTensors;
  const measured = await measureTraining(tinyPreset, { classCount: 3, xla: false });
  expect(tf.memory().numTensors).toBe(before);
  expect(measured.steps).toBe(10);
  expect(measured.secondsPerImage).toBeGreaterThan(0);
  expect(measured.secondsPerImage * tinyPreset.batch).toBeLessThan(1);
  expect(measured.peakBytes).toBeGreaterThan(2 ** 26);
});

test('the judge’s term counts when there is a judge', async () => {
  let calls = 0;
  const judge = {
    parameters: {},
    logits: (_: Record<string, tf.Tensor>, images: tf.Tensor4D) => {
      calls++;
      return tf.slice(tf.reshape(images, [images.shape[0], -1]), [0, 0], [-1, 2]);
    },
  };
  await measureTraining(tinyPreset, { classCount: 2, judge, xla: false });
  expect(calls).toBeGreaterThan(0);
});

test('stored bytes are those of the files but for their headers', async () => {
  const tensors = await downloadState(createState(tinyPreset, 2, 3));
  const counters = {
    seed: 1,
    step: 0,
    imagesShown: 0,
    lambda: 0,
    judgeAccuracy: null,
    judged: noJudgedSteps,
  };
  const checkpoint = { preset: tinyPreset, classNames: ['a', 'b'], ...counters, tensors };
  const expected = storedBytes(tinyPreset, 2);
  const header = (file: Uint8Array) =>
    8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  for (const [file, bytes] of [
    [encodeCheckpoint(checkpoint), expected.checkpoint],
    [generatorWeights(checkpoint), expected.release],
  ] as const)
    expect(file.length - header(file)).toBe(bytes);
});
