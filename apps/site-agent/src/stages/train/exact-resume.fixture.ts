import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { encodeCheckpoint, type GanPreset, presets, trainGan } from '@synspine/gan';
import { openCheckpoints } from './checkpoints.ts';

/*
 * A training as the train stage runs it, small enough to be over in seconds, in a process that can be killed.
 * Usage: exact-resume.fixture.ts FOLDER [hang-in-save]. Says `saved N` after each durable checkpoint and `writing N` when it hangs in one.
 */

const preset: GanPreset = {
  ...presets['demo-32'],
  resolution: 16,
  channelMax: 8,
  channelBase: 128,
  styleMixing: 0.5,
  pathLength: { weight: 2, interval: 4, decay: 0.01 },
  augment: {
    ...presets['demo-32'].augment,
    policy: { mode: 'adaptive', target: 0.6, intervalSteps: 4, imagesToFullStrength: 2_000, pMax: 0.8 },
  },
};
const STEPS = 120;
const STEPS_A_CHECKPOINT = 15;
const HANG_AT = 60 * preset.batch;

const [folder, hang] = process.argv.slice(2) as [string, string | undefined];
const say = (text: string) => new Promise<void>((done) => process.stdout.write(`${text}\n`, () => done()));
let saving = 0;

/** Runs when a checkpoint's draft is whole, before it gets its name. */
async function guard(): Promise<void> {
  if (hang !== 'hang-in-save' || saving !== HANG_AT) return;
  await say(`writing ${saving}`);
  await new Promise(() => setInterval(() => {}, 1_000)); // until it is killed
}

const films = (n: number) => ({
  images: Uint8Array.from({ length: n * preset.resolution ** 2 }, (_, i) => (i * 7919) % 251),
  labels: Uint8Array.from({ length: n }, (_, i) => i % 2),
});

initCompute({ threads: 2, opThreads: 1 });
const checkpoints = await openCheckpoints(folder, guard);
const { checkpoint } = await trainGan({
  preset,
  ...films(24),
  classNames: ['normal', 'abnormal'],
  validation: films(8),
  ...{
    seed: 5,
    imagesShown: STEPS * preset.batch,
    checkpointEvery: STEPS_A_CHECKPOINT * preset.batch,
    xla: false,
  },
  resume: await checkpoints.latest(preset),
  onProgress: () => {},
  onCheckpoint: async (saved) => {
    saving = saved.imagesShown;
    await checkpoints.save(saved);
    await say(`saved ${saving}`);
  },
});
await writeFile(join(folder, 'final'), encodeCheckpoint(checkpoint));
