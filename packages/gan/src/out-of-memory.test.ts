import { initCompute, liveTensors, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { GanPreset } from './presets.ts';
import { tinyPreset, twoSides } from './test-data.ts';
import { type TrainingOptions, type TrainingProgress, trainGan } from './train.ts';

// oneDNN's allocator waits 10 s for memory before it gives up; TensorFlow's own says so at once.
process.env.TF_ENABLE_ONEDNN_OPTS = '0';

const gain = () => ({ gain: tf.scalar(1) });
beforeAll(() => {
  initCompute({ threads: 2 });
});

/** A judge that wants 256 TiB for more than `imagesMax` images at once, which no machine has. */
function greedyJudge(imagesMax: number): NonNullable<TrainingOptions['judge']> {
  return {
    parameters: gain(),
    logits: (p: Record<string, tf.Tensor>, images: tf.Tensor4D) => {
      const score = tf.mul(tf.mean(images, [1, 2]), p.gain!); // [b,1]
      const wish = images.shape[0] > imagesMax ? tf.fill([2 ** 23, 2 ** 23], 1).sum() : tf.scalar(0);
      return tf.concat([tf.neg(score), tf.add(score, wish)], 1);
    },
  };
}

/** The judge counts from image 400 on. */
const presetFor = (imagesShown: number): GanPreset => ({
  ...tinyPreset,
  judge: { lambda: 1, startShare: 399 / imagesShown, rampShare: 8 / imagesShown },
});

function options(judge: TrainingOptions['judge'], imagesShown: number): TrainingOptions {
  const preset = presetFor(imagesShown);
  return {
    preset,
    ...twoSides(24, preset.resolution),
    classNames: ['left', 'right'],
    validation: twoSides(4, preset.resolution),
    ...(judge && { judge }),
    seed: 11,
    imagesShown,
    xla: false,
    checkpointEvery: 80,
    onProgress: () => {},
    onCheckpoint: () => {},
  };
}

async function warningsOf(act: () => Promise<unknown>): Promise<{ code?: string; message: string }[]> {
  const seen: { code?: string; message: string }[] = [];
  const note = (warning: Error) => void seen.push(warning);
  process.on('warning', note);
  await act();
  process.off('warning', note);
  return seen;
}

test('a run whose memory ends goes on from its last checkpoint with its batch in two parts, and says so', async () => {
  const judge = greedyJudge(4);
  const saved: Checkpoint[] = [];
  const seen: TrainingProgress[] = [];
  const before = liveTensors();
  const run = () =>
    trainGan({
      ...options(judge, 880),
      onProgress: (p) => seen.push(p),
      onCheckpoint: (c) => void saved.push(c),
    });
  expect(await warningsOf(run)).toMatchObject([
    {
      code: 'SYNSPINE_BATCH_IN_PARTS',
      message: expect.stringMatching(/from image 400 with 4 images at once, not 8, and the same batch of 8/),
    },
  ]);
  expect(saved.map((c) => [c.imagesShown, c.step, c.preset.batch, c.parts])).toEqual([
    ...[80, 160, 240, 320, 400].map((images) => [images, images / 8, 8, undefined]),
    ...[480, 560, 640, 720, 800, 880].map((images) => [images, images / 8, 8, 2]),
  ]);
  expect(seen.map((p) => [p.step, p.imagesShown, p.imagesAtOnce])).toEqual([
    [50, 400, 8],
    [100, 800, 4],
  ]);
  expect(liveTensors() - before).toBeLessThanOrEqual(8); // the failed step's seed and controls
  judge.parameters.gain!.dispose();
});

test('what follows is the same when it is cut and resumed: the checkpoint knows of the parts', async () => {
  const judge = greedyJudge(4);
  const saved: Checkpoint[] = [];
  const fallen = await trainGan({ ...options(judge, 560), onCheckpoint: (c) => void saved.push(c) });
  const middle = saved.find(({ imagesShown }) => imagesShown === 480)!;
  const resume = decodeCheckpoint(encodeCheckpoint(middle), presetFor(560));
  const warned = await warningsOf(async () => {
    const resumed = await trainGan({ ...options(judge, 560), resume });
    expect(Buffer.compare(encodeCheckpoint(resumed.checkpoint), encodeCheckpoint(fallen.checkpoint))).toBe(0);
  });
  expect(warned).toEqual([]);
  judge.parameters.gain!.dispose();
});

test('a batch that can not be halved ends the run with its last checkpoint', async () => {
  const judge = greedyJudge(0);
  await expect(trainGan(options(judge, 80))).rejects.toMatchObject({
    code: 'gan-out-of-memory',
    message: expect.stringMatching(
      /even with 4 images at once \(gan_judge_held_out: OOM.*Choose a smaller preset/,
    ),
  });
  const plain = await trainGan(options(undefined, 80));
  await expect(trainGan({ ...options(judge, 160), resume: plain.checkpoint })).rejects.toMatchObject({
    code: 'gan-out-of-memory',
    checkpoint: { imagesShown: 80 },
  });
  judge.parameters.gain!.dispose();
});
