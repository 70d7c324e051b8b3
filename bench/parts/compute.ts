import { type GanPreset, presets } from '../../packages/gan/src/index.ts';
import type { Contender } from '../contender.ts';
import { createJobs, type Jobs, type TorchForm } from '../jobs.ts';
import type { Versions } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { alternate, type Turn } from '../rounds.ts';
import { type Summary, summarize } from '../statistics.ts';

const agreementMax = 1e-4; // of outputs in about −1..1, and of logits

/** Seconds from the start of a process to the end of its first training step, which holds all three updates. */
export type Latency = {
  importS: number;
  setUpS: number;
  traceS?: number;
  firstCallS?: number;
  firstStepS: number;
  totalS: number;
};

export type Side = {
  imagesPerS: Summary;
  disturbedRounds: number;
  peakMiB: number;
  latency: Latency;
  form?: TorchForm;
};

export type ComputeRow = {
  preset: string;
  px: number;
  batch: number;
  oursPerS: number;
  torchEagerPerS: number;
  torchCompilePerS: number;
  oursPeakMiB: number;
  torchPeakMiB: number; // of the eager one, the smaller
  agreement: { images: number; logits: number; slope: number };
  sides: Record<string, Side>;
};

const torchForms: TorchForm[] = [true, false].flatMap((channels_last) =>
  (['slices', 'depthwise', 'boxes'] as const).map((fir) => ({ channels_last, fir })),
);
// Inductor fuses the shifted views, so for it they are the fastest form at every size tried.
const compiledForm: TorchForm = { channels_last: true, fir: 'slices' };

type Agreement = ComputeRow['agreement'];

/** Writes our weights for PyTorch, and finds the layout and filter that are fastest there. */
async function prepare(jobs: Jobs, preset: GanPreset): Promise<{ form: TorchForm; agreement: Agreement }> {
  const ours = await jobs.ours('export', { xla: false });
  await ours.ask('export', { path: jobs.weights });
  await ours.close();
  const torch = await jobs.torch('tune', { compiled: false, how: torchForms[0]! });
  const { how } = await torch.ask<{ how: TorchForm }>('tune', {
    choices: torchForms,
    count: preset.r1.interval,
  });
  const agreement = await torch.ask<Agreement>('check');
  await torch.close();
  return { form: how, agreement };
}

function requireAgreement({ images, logits, slope }: Agreement): void {
  if (Math.max(images, logits, slope) <= agreementMax) return;
  throw new Error(
    `PyTorch's networks don't compute what ours do (images ${images}, logits ${logits}, slope ${slope}).`,
  );
}

/** Steps that fill about two seconds, a whole number of R1 intervals, so that R1 has its share of every round. */
async function turnOf(contender: Contender, preset: GanPreset): Promise<Turn> {
  const { interval } = preset.r1;
  await contender.ask('steps', { count: 2 * interval - 1 }); // the first step was taken
  const { seconds } = await contender.ask<{ seconds: number }>('steps', { count: interval });
  const count = interval * Math.max(1, Math.round(2 / seconds));
  return { contender, command: 'steps', request: { count }, items: count * preset.batch };
}

async function closeAll(contenders: readonly Contender[]): Promise<void> {
  await Promise.all(contenders.map((contender) => contender.close()));
}

async function startAll(options: BenchOptions, jobs: Jobs, form: TorchForm): Promise<Contender[]> {
  return [
    await jobs.ours('ours', { xla: false }),
    ...(options.xla ? [await jobs.ours('ours, XLA', { xla: true })] : []),
    await jobs.torch('PyTorch eager', { compiled: false, how: form }),
    await jobs.torch('torch.compile', { compiled: true, how: compiledForm }),
  ];
}

function toRow(preset: GanPreset, agreement: Agreement, sides: Record<string, Side>): ComputeRow {
  const speed = (name: string) => sides[name]!.imagesPerS.median;
  return {
    preset: preset.name,
    px: preset.resolution,
    batch: preset.batch,
    oursPerS: speed('ours'),
    torchEagerPerS: speed('PyTorch eager'),
    torchCompilePerS: speed('torch.compile'),
    oursPeakMiB: sides.ours!.peakMiB,
    torchPeakMiB: sides['PyTorch eager']!.peakMiB,
    agreement,
    sides,
  };
}

/** One preset: agreement, first steps, interleaved rounds, memory. */
async function measurePreset(
  options: BenchOptions,
  preset: GanPreset,
  versions: Versions,
): Promise<ComputeRow> {
  const jobs = createJobs(options, preset);
  try {
    const { form, agreement } = await prepare(jobs, preset);
    requireAgreement(agreement);
    const contenders = await startAll(options, jobs, form);
    const sides: Record<string, Side> = {};
    const latencies = new Map<string, Latency>();
    for (const contender of contenders) latencies.set(contender.name, await contender.ask<Latency>('first'));
    const turns: Turn[] = [];
    for (const contender of contenders) turns.push(await turnOf(contender, preset));
    const rates = await alternate(turns, options.rounds);
    for (const contender of contenders) {
      const figures = await contender.ask<{ peakMiB: number; versions: Versions }>('figures');
      Object.assign(versions, figures.versions);
      const { perS, disturbed } = rates.get(contender.name)!;
      sides[contender.name] = {
        imagesPerS: summarize(perS),
        disturbedRounds: disturbed,
        peakMiB: figures.peakMiB,
        latency: latencies.get(contender.name)!,
        ...(contender.name === 'PyTorch eager' ? { form } : {}),
      };
    }
    await closeAll(contenders);
    return toRow(preset, agreement, sides);
  } finally {
    jobs.remove();
  }
}

/** Our training step beside PyTorch's, at each preset. `onRow` is called as soon as a preset is done. */
export async function compareCompute(
  options: BenchOptions,
  versions: Versions,
  onRow: (row: ComputeRow) => void,
): Promise<ComputeRow[]> {
  const rows: ComputeRow[] = [];
  for (const name of options.presets) {
    const preset = presets[name];
    const row = await measurePreset(options, { ...preset, batch: options.batch ?? preset.batch }, versions);
    onRow(row);
    rows.push(row);
  }
  return rows;
}
