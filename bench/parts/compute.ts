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
  eagerForm: TorchForm; // the fastest of those tried
  compileCached: boolean; // torch.compile found graphs of an earlier run
  sides: Record<string, Side>;
};

const torchForms: TorchForm[] = [true, false].flatMap((channels_last) =>
  (['slices', 'depthwise', 'boxes'] as const).map((fir) => ({ channels_last, fir })),
);
// Inductor fuses the shifted views, so for it they are the fastest form. Its C++ wrapper saves a tenth of the time at 32 px.
const compiledForm: TorchForm = { channels_last: true, fir: 'slices', inductor: { cpp_wrapper: true } };

/** On standard error, so that the tables can be piped. */
const progress = (text: string) => console.error(`  ${text}`);

export type Agreement = ComputeRow['agreement'];

/** Writes our weights for PyTorch, and finds the layout and filter that are fastest there. */
async function prepare(jobs: Jobs, preset: GanPreset): Promise<{ form: TorchForm; agreement: Agreement }> {
  const ours = await jobs.ours('export', { xla: false });
  await ours.ask('export', { path: jobs.weights });
  await ours.close();
  const torch = await jobs.torch('tune', { compiled: false, how: torchForms[0]! });
  const { how } = await torch.ask<{ how: TorchForm }>('tune', {
    choices: torchForms,
    count: 1,
    plain: plainSteps(preset),
    repeats: preset.resolution <= 64 ? 2 : 1,
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

/** Steps without R1 that are run of each R1 interval: all, or of large images one, which then stands for the others. */
function plainSteps({ resolution, r1 }: GanPreset): number {
  return resolution <= 64 ? r1.interval - 1 : 1;
}

/** Whole R1 intervals, so that R1 has its share of every round: as many as fill about two seconds. */
async function turnOf(contender: Contender, preset: GanPreset): Promise<Turn> {
  const plain = plainSteps(preset);
  const intervals = (count: number) => contender.ask<{ seconds: number }>('intervals', { count, plain });
  if (preset.resolution <= 64) await intervals(1); // small kernels take a while to settle
  const { seconds } = await intervals(1);
  const runSeconds = (seconds * (plain + 1)) / preset.r1.interval;
  const count = Math.max(1, Math.round(2 / runSeconds));
  const items = count * preset.r1.interval * preset.batch;
  return { contender, command: 'intervals', request: { count, plain }, items };
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

function toRow(
  preset: GanPreset,
  about: Pick<ComputeRow, 'agreement' | 'eagerForm' | 'compileCached'>,
  sides: Record<string, Side>,
): ComputeRow {
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
    ...about,
    sides,
  };
}

async function firstStep(contender: Contender): Promise<Latency> {
  const { stats: _, ...latency } = await contender.ask<Latency & { stats?: object }>('first');
  return latency;
}

/** The first step of `times` fresh processes, one after the other: the one whose total is the median. */
async function medianLatency(start: () => Promise<Contender>, times: number): Promise<Latency> {
  const latencies: Latency[] = [];
  for (let i = 0; i < times; i++) {
    const contender = await start();
    latencies.push(await firstStep(contender));
    await contender.close();
  }
  return latencies.sort((a, b) => a.totalS - b.totalS)[(times - 1) >> 1]!;
}

/** Fresh processes where starting one takes seconds; where it compiles for minutes, the one contender that is measured. */
async function firstSteps(
  options: BenchOptions,
  jobs: Jobs,
  form: TorchForm,
  contenders: readonly Contender[],
) {
  const times = options.quick ? 1 : 3;
  const latencies = new Map<string, Latency>();
  for (const contender of contenders) latencies.set(contender.name, await firstStep(contender));
  if (times === 1) return latencies;
  latencies.set('ours', await medianLatency(() => jobs.ours('ours', { xla: false }), times));
  const eager = () => jobs.torch('PyTorch eager', { compiled: false, how: form });
  return latencies.set('PyTorch eager', await medianLatency(eager, times));
}

async function collect(
  contenders: readonly Contender[],
  turns: readonly Turn[],
  rounds: number,
  versions: Versions,
) {
  const rates = await alternate(turns, rounds);
  const sides: Record<string, Omit<Side, 'latency'>> = {};
  for (const { name, ask } of contenders) {
    const figures = await ask<{ peakMiB: number; versions: Versions }>('figures');
    Object.assign(versions, figures.versions);
    const { perS, disturbed } = rates.get(name)!;
    sides[name] = { imagesPerS: summarize(perS), disturbedRounds: disturbed, peakMiB: figures.peakMiB };
  }
  return sides;
}

/** One preset: agreement, first steps, interleaved rounds, memory. */
async function measurePreset(
  options: BenchOptions,
  preset: GanPreset,
  versions: Versions,
): Promise<ComputeRow> {
  const jobs = createJobs(options, preset);
  let contenders: Contender[] = [];
  try {
    progress(`${preset.name}: choosing PyTorch's fastest layout`);
    const { form, agreement } = await prepare(jobs, preset);
    requireAgreement(agreement);
    contenders = await startAll(options, jobs, form);
    progress(`${preset.name}: first steps; torch.compile takes minutes for its own`);
    const latencies = await firstSteps(options, jobs, form, contenders);
    const turns: Turn[] = [];
    for (const contender of contenders) turns.push(await turnOf(contender, preset));
    progress(`${preset.name}: ${options.rounds} rounds`);
    const measured = await collect(contenders, turns, options.rounds, versions);
    const sides = Object.fromEntries(
      Object.entries(measured).map(([name, side]) => [name, { ...side, latency: latencies.get(name)! }]),
    );
    return toRow(preset, { agreement, eagerForm: form, compileCached: options.quick }, sides);
  } finally {
    await closeAll(contenders);
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
