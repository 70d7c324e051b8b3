import { type GanPreset, presets } from '../../packages/gan/src/index.ts';
import { createJobs } from '../jobs.ts';
import type { BenchOptions } from '../options.ts';
import type { Latency } from './compute.ts';

type Stats = Record<string, number | null>; // NaN and infinity are null in JSON

export type BigRow = {
  preset: string;
  px: number;
  batch: number;
  latency: Latency;
  secondStepS: number;
  peakMiB: number;
  losses: Stats;
};

/** Errors: when a loss or a penalty isn't a finite number. */
function requireFinite(preset: GanPreset, stats: Stats): void {
  const bad = Object.entries(stats).filter(([, value]) => !Number.isFinite(value));
  if (bad.length) throw new Error(`${preset.name}: ${bad.map(([name]) => name).join(', ')} aren't finite.`);
}

async function takeTwoSteps(options: BenchOptions, preset: GanPreset): Promise<BigRow> {
  const jobs = createJobs(options, preset);
  try {
    const ours = await jobs.ours('ours', { xla: options.xla });
    const { stats: first, ...latency } = await ours.ask<Latency & { stats: Stats }>('first');
    const { seconds, stats } = await ours.ask<{ seconds: number; stats: Stats }>('steps', { count: 1 });
    const { peakMiB } = await ours.ask<{ peakMiB: number }>('figures');
    await ours.close();
    for (const losses of [first, stats]) requireFinite(preset, losses);
    const { name, resolution, batch } = preset;
    return { preset: name, px: resolution, batch, latency, secondStepS: seconds, peakMiB, losses: stats };
  } finally {
    jobs.remove();
  }
}

/** The large presets on the CPU: that their steps trace, run (R1 with its second-order gradient in the first) and stay finite. */
export async function runBig(options: BenchOptions, onRow: (row: BigRow) => void): Promise<BigRow[]> {
  const rows: BigRow[] = [];
  for (const name of options.presets) {
    const preset = { ...presets[name], batch: options.batch ?? presets[name].batch };
    const row = await takeTwoSteps(options, preset);
    onRow(row);
    rows.push(row);
  }
  return rows;
}
