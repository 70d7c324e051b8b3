import { readFileSync } from 'node:fs';
import { initCompute, type Precision, tf } from '../../packages/compute/src/index.ts';
import { createPool } from '../../packages/gan/src/batches.ts';
import { type GanPreset, spreadThreads } from '../../packages/gan/src/index.ts';
import { createState } from '../../packages/gan/src/state.ts';
import { createTrainer } from '../../packages/gan/src/trainer.ts';
import { noise } from '../noise.ts';
import { exportReference } from './export-reference.ts';
import { peakMiB, secondsSinceStart } from './process-figures.ts';
import { serve } from './serve.ts';
import { watchCompilation } from './watch-compilation.ts';

/** Our training step: the trainer that `trainGan` runs, on films made of noise. Usage: gan.ts JOB.json */
type Job = { preset: GanPreset; threads: number; xla: boolean; precision?: Precision; seed: number };

const importedS = secondsSinceStart();
const job = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Job;
const { preset } = job;
const { tensorflowVersion, device } = initCompute(spreadThreads(preset, job.threads)); // as a site does
const compilation = watchCompilation();
const classCount = 2;

function noiseFilms(count: number) {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classCount);
  const images = noise(count * preset.resolution ** 2);
  return createPool({ images, labels }, preset.resolution, classCount);
}

const pool = noiseFilms(64);
const state = createState(preset, classCount, job.seed);
const trainer = createTrainer(
  {
    preset,
    seed: job.seed,
    train: pool,
    validation: pool,
    judge: null,
    xla: job.xla,
    precision: job.precision,
  },
  state,
);
let step = 0;
const readyS = secondsSinceStart();

/** Takes `count` steps and waits for the device. Seconds, and the last losses. */
async function takeSteps(count: number) {
  const begin = performance.now();
  for (let i = 0; i < count; i++, step++) {
    trainer.step({ step, imagesShown: step * preset.batch, lambda: 0 });
  }
  const stats = await trainer.readStats();
  return { seconds: (performance.now() - begin) / 1000, stats };
}

await serve({
  /** Writes weights, inputs and what our networks make of them, for the other contenders to start from. */
  async export(request) {
    await exportReference(preset, state, classCount, String(request.path));
    return {};
  },
  /** The first step: traced, planned or compiled, and run. */
  async first() {
    const { seconds, stats } = await takeSteps(1);
    const { traceS, firstCallS } = compilation.figures();
    const totalS = readyS + seconds; // without the wait for its turn
    return {
      importS: importedS,
      setUpS: readyS - importedS,
      traceS,
      firstCallS,
      firstStepS: seconds,
      totalS,
      stats,
    };
  },
  steps: (request) => takeSteps(Number(request.count)),
  /** Seconds of whole R1 intervals, estimated from each one's first step (with R1) and the `plain` steps after it. */
  async intervals(request) {
    const { interval } = preset.r1;
    let seconds = 0;
    for (let i = 0; i < Number(request.count); i++) {
      step = interval * Math.ceil(step / interval);
      const withR1 = await takeSteps(1);
      const plain = await takeSteps(Number(request.plain));
      seconds += withR1.seconds + (plain.seconds / Number(request.plain)) * (interval - 1);
    }
    return { seconds };
  },
  async figures() {
    return {
      peakMiB: peakMiB(),
      versions: { node: process.version, tensorflow: tensorflowVersion },
      device,
      liveTensors: tf.memory().numTensors,
    };
  },
});
