import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNvidiaDriver } from '../../packages/compute/setup/nvidia-driver.mjs';
import { type GanPreset, presets } from '../../packages/gan/src/index.ts';
import type { Contender } from '../contender.ts';
import { watchGpuMemory } from '../gpu-memory.ts';
import { createJobs, type Jobs, type TorchForm } from '../jobs.ts';
import { describeMachine, type Versions } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { type Summary, summarize } from '../statistics.ts';
import type { Agreement, Latency } from './compute.ts';

/** TensorFlow and PyTorch multiply float32 in TF32 on cards that have it (Ampere and later). */
type GpuPrecision = 'float32 (TF32)' | 'bfloat16';

type TorchOnGpu = { form: TorchForm; imagesPerS: Summary; peakMiB: number; agreement: Agreement };

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
  /** Losses after every R1 interval of the same start, to compare precisions by. */
  losses: Record<string, number | null>[];
  torchEager: TorchOnGpu | null; // null without a PyTorch that sees the card
};

const resultsFolder = join(dirname(fileURLToPath(import.meta.url)), '../results');
const roundS = 5;
const lossIntervals = 4;
const torchForms: TorchForm[] = [
  { channels_last: false, fir: 'slices' },
  { channels_last: true, fir: 'slices' },
  { channels_last: false, fir: 'depthwise' },
  { channels_last: true, fir: 'boxes' },
];

function requireGpu(device: string): void {
  if (device === 'gpu') return;
  throw new Error('TensorFlow takes no GPU here: `npx synspine doctor` says why. Nothing was measured.');
}

/** Warms up, and keeps the losses on the way. */
async function takeLosses(ours: Contender, { r1 }: GanPreset): Promise<GpuRow['losses']> {
  const losses: GpuRow['losses'] = [];
  for (let i = 0; i < lossIntervals; i++) {
    const { stats } = await ours.ask<{ stats: GpuRow['losses'][number] }>('steps', { count: r1.interval });
    losses.push(stats);
  }
  return losses;
}

/** Rounds of whole R1 intervals, about five seconds each: images per second. */
async function takeRounds(contender: Contender, { r1, batch }: GanPreset, rounds: number): Promise<Summary> {
  const take = (count: number) =>
    contender.ask<{ seconds: number }>('intervals', { count, plain: r1.interval - 1 });
  const { seconds } = await take(1);
  const count = Math.max(1, Math.round(roundS / seconds));
  const perS: number[] = [];
  for (let round = 0; round < rounds; round++)
    perS.push((count * r1.interval * batch) / (await take(count)).seconds);
  return summarize(perS);
}

async function measureOurs(
  { options, jobs, preset }: Measured,
  precision: GpuPrecision,
  versions: Versions,
): Promise<Omit<GpuRow, 'torchEager'>> {
  const memory = watchGpuMemory();
  try {
    const ours = await jobs.ours('ours', { xla: true, precision: named(precision) });
    const figures = await ours.ask<{ device: string; versions: Versions }>('figures');
    requireGpu(figures.device);
    Object.assign(versions, figures.versions);
    const latency = await ours.ask<Latency>('first');
    const losses = await takeLosses(ours, preset);
    const imagesPerS = await takeRounds(ours, preset, options.rounds);
    const peakDeviceMiB = memory.stop();
    if (options.python) await ours.ask('export', { path: jobs.weights });
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
      peakDeviceMiB,
      losses,
    };
  } finally {
    memory.stop();
  }
}

/** PyTorch's eager step from our weights, in the fastest of four forms. */
async function measureTorch(
  { options, jobs, preset }: Measured,
  precision: GpuPrecision,
  versions: Versions,
): Promise<TorchOnGpu> {
  const settings = {
    compiled: false,
    how: torchForms[0]!,
    device: 'cuda',
    precision: named(precision),
  } as const;
  const torch = await jobs.torch('PyTorch eager', settings);
  const { how } = await torch.ask<{ how: TorchForm }>('tune', { choices: torchForms, repeats: 2 });
  const agreement = await torch.ask<Agreement>('check');
  const imagesPerS = await takeRounds(torch, preset, options.rounds);
  const figures = await torch.ask<{ peakMiB: number; versions: Versions }>('figures');
  Object.assign(versions, figures.versions);
  await torch.close();
  return { form: how, imagesPerS, peakMiB: figures.peakMiB, agreement };
}

type Measured = { options: BenchOptions; jobs: Jobs; preset: GanPreset };

function named(precision: GpuPrecision): 'float32' | 'bfloat16' {
  return precision === 'bfloat16' ? 'bfloat16' : 'float32';
}

async function measure(
  options: BenchOptions,
  preset: GanPreset,
  precision: GpuPrecision,
  versions: Versions,
): Promise<GpuRow> {
  const jobs = createJobs(options, preset);
  const measured = { options, jobs, preset };
  try {
    const ours = await measureOurs(measured, precision, versions);
    const torchEager = options.python ? await measureTorch(measured, precision, versions) : null;
    return { ...ours, torchEager };
  } finally {
    jobs.remove();
  }
}

/**
 * The 256 px presets on the machine's first card, XLA on, in both precisions, beside PyTorch where `--python` names one that sees the card.
 * Writes `bench/results/gpu-CARD.json` after each row, so that what was measured survives; answers its path.
 */
export async function measureGpu(options: BenchOptions, onRow: (row: GpuRow) => void): Promise<string> {
  const driver = findNvidiaDriver()!; // the entry ends before this where there is none
  const rows: GpuRow[] = [];
  const versions: Versions = { driver: driver.version };
  const card = driver.models[0]!;
  const path = join(resultsFolder, `gpu-${card.replace(/[^A-Za-z0-9]+/g, '-')}.json`);
  mkdirSync(resultsFolder, { recursive: true });
  for (const name of options.presets) {
    for (const precision of ['float32 (TF32)', 'bfloat16'] as const) {
      const preset = { ...presets[name], batch: options.batch ?? presets[name].batch };
      rows.push(await measure(options, preset, precision, versions));
      onRow(rows.at(-1)!);
      const machine = describeMachine(versions);
      const results = { card, gpu: rows, machine, measuredAt: new Date().toISOString() };
      writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
    }
  }
  return path;
}
