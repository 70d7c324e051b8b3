import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNvidiaDriver } from '../../packages/compute/setup/nvidia-driver.mjs';
import { type GanPreset, presets } from '../../packages/gan/src/index.ts';
import type { Contender } from '../contender.ts';
import { watchGpuMemory } from '../gpu-memory.ts';
import { createJobs } from '../jobs.ts';
import { describeMachine, type Versions } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { type Summary, summarize } from '../statistics.ts';
import type { Latency } from './compute.ts';

/** TensorFlow multiplies float32 in TF32 on cards that have it (Ampere and later). */
type GpuPrecision = 'float32 (TF32)' | 'bfloat16';

export type GpuRow = {
  preset: string;
  px: number;
  batch: number;
  precision: GpuPrecision;
  imagesPerS: Summary;
  secondsPer1000Images: number;
  traceS: number;
  xlaCompileS: number; // first calls of the three steps, their first run included
  peakDeviceMiB: number | null;
  losses: Record<string, number | null>;
};

const resultsFolder = join(dirname(fileURLToPath(import.meta.url)), '../results');

function requireGpu(device: string): void {
  if (device === 'gpu') return;
  throw new Error('TensorFlow takes no GPU here: `npx synspine doctor` says why. Nothing was measured.');
}

/** Rounds of whole R1 intervals, about ten seconds each. */
async function takeRounds(ours: Contender, preset: GanPreset, rounds: number) {
  const { interval } = preset.r1;
  type Taken = { seconds: number; stats: GpuRow['losses'] };
  await ours.ask('steps', { count: 2 * interval - 1 });
  let taken = await ours.ask<Taken>('steps', { count: interval });
  const count = interval * Math.max(1, Math.round(10 / taken.seconds));
  const perS: number[] = [];
  for (let round = 0; round < rounds; round++) {
    taken = await ours.ask<Taken>('steps', { count });
    perS.push((count * preset.batch) / taken.seconds);
  }
  return { imagesPerS: summarize(perS), losses: taken.stats };
}

async function measure(
  options: BenchOptions,
  preset: GanPreset,
  precision: GpuPrecision,
  versions: Versions,
): Promise<GpuRow> {
  const jobs = createJobs(options, preset);
  const memory = watchGpuMemory();
  try {
    const ours = await jobs.ours('ours', { xla: true, bfloat16: precision === 'bfloat16' });
    const figures = await ours.ask<{ device: string; versions: Versions }>('figures');
    requireGpu(figures.device);
    Object.assign(versions, figures.versions);
    const latency = await ours.ask<Latency>('first');
    const { imagesPerS, losses } = await takeRounds(ours, preset, options.rounds);
    await ours.close();
    return {
      preset: preset.name,
      px: preset.resolution,
      batch: preset.batch,
      precision,
      imagesPerS,
      secondsPer1000Images: 1000 / imagesPerS.median,
      traceS: latency.traceS!,
      xlaCompileS: latency.firstCallS!,
      peakDeviceMiB: memory.stop(),
      losses,
    };
  } finally {
    memory.stop();
    jobs.remove();
  }
}

/** The 256 px presets on the machine's first card, XLA on, in both precisions. Writes `bench/results/gpu-CARD.json`; answers its path. */
export async function measureGpu(options: BenchOptions, onRow: (row: GpuRow) => void): Promise<string> {
  const driver = findNvidiaDriver()!; // the entry ends before this where there is none
  const rows: GpuRow[] = [];
  const versions: Versions = { driver: driver.version };
  for (const name of options.presets) {
    for (const precision of ['float32 (TF32)', 'bfloat16'] as const) {
      const preset = { ...presets[name], batch: options.batch ?? presets[name].batch };
      rows.push(await measure(options, preset, precision, versions));
      onRow(rows.at(-1)!);
    }
  }
  const card = driver.models[0]!;
  const results = {
    card,
    gpu: rows,
    machine: describeMachine(versions),
    measuredAt: new Date().toISOString(),
  };
  const path = join(resultsFolder, `gpu-${card.replace(/[^A-Za-z0-9]+/g, '-')}.json`);
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}
