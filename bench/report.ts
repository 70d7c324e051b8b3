import type { BigRow } from './parts/big.ts';
import type { ComputeRow, Latency, Side } from './parts/compute.ts';
import type { FeatureFigures } from './parts/features.ts';
import type { GpuRow } from './parts/gpu.ts';
import type { IngestRow } from './parts/ingest.ts';
import type { RegistryFigures } from './parts/registry.ts';
import type { Share, TextFigures } from './parts/text.ts';
import type { Summary } from './statistics.ts';

function cells(values: readonly (string | number)[], widths: readonly number[]): string {
  return values
    .map((value, i) => (i === 0 ? String(value).padEnd(widths[i]!) : String(value).padStart(widths[i]!)))
    .join('  ');
}

function formatRate({ median, min, max, rounds }: Summary): string {
  const digits = median < 10 ? 2 : 1;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)}, n=${rounds})`;
}

const seconds = (value: number | undefined) =>
  value === undefined ? '–' : `${value.toFixed(value < 10 ? 2 : 0)} s`;

function latencyCells(latency: Latency): string[] {
  const { importS, setUpS, traceS, firstCallS, firstStepS, totalS } = latency;
  return [importS, setUpS, traceS, firstCallS, firstStepS, totalS].map(seconds);
}

const widths = [14, 28, 9, 9, 9, 9, 9, 9, 9, 9];

function sideLine(name: string, side: Side): string {
  return cells(
    [name, formatRate(side.imagesPerS), side.peakMiB, ...latencyCells(side.latency), side.disturbedRounds],
    widths,
  );
}

/** One preset as a table; the columns from `import` on are the seconds from process start to the end of the first step. */
export function printRow(row: ComputeRow): void {
  const { images, logits, slope } = row.agreement;
  const eager = row.eagerForm;
  console.log(`\n${row.preset}: ${row.px} px, batch ${row.batch}`);
  console.log(
    `same net: images agree to ${images.toExponential(1)}, logits to ${logits.toExponential(1)}, ∂logits/∂images to ${slope.toExponential(1)}; ` +
      `eager at its fastest: ${eager.channels_last ? 'channels_last' : 'contiguous'}, ${eager.fir} filter`,
  );
  console.log(
    cells(
      ['', 'images/s', 'peak MiB', 'import', 'set-up', 'trace', '1st call', '1st step', 'total', 'disturbed'],
      widths,
    ),
  );
  for (const [name, side] of Object.entries(row.sides)) console.log(sideLine(name, side));
  if (row.compileCached)
    console.log('torch.compile found its graphs in the cache: its first step is no first step');
  const ratio = (other: number) => (row.oursPerS / other).toFixed(2);
  console.log(
    `ours is ${ratio(row.torchEagerPerS)} × PyTorch eager, ${ratio(row.torchCompilePerS)} × torch.compile`,
  );
}

export function printFeatures(figures: FeatureFigures): void {
  console.log(`\nInception features of ${figures.images} images of ${figures.sidePx} px`);
  console.log(
    `same features to ${figures.agreement.toExponential(1)}; onnxruntime at its fastest batch, ${figures.onnxruntimeBatch}`,
  );
  for (const [name, side] of Object.entries(figures.sides)) {
    console.log(cells([name, formatRate(side.imagesPerS), `${side.peakMiB} MiB`], [14, 28, 12]));
  }
  console.log(`ours is ${(figures.oursPerS / figures.onnxruntimePerS).toFixed(2)} × onnxruntime`);
}

export function printBig({ preset, px, batch, latency, secondStepS, peakMiB, losses }: BigRow): void {
  const figures = Object.entries(losses).map(([name, value]) => `${name} ${value!.toPrecision(4)}`);
  console.log(`\n${preset}: ${px} px, batch ${batch}, two steps on the CPU`);
  console.log(
    `trace ${seconds(latency.traceS)}, first calls ${seconds(latency.firstCallS)}, first step with R1 ${seconds(latency.firstStepS)}, ` +
      `second step ${seconds(secondStepS)}, peak ${peakMiB} MiB`,
  );
  console.log(`all finite: ${figures.join(', ')}`);
}

export function printGpu(row: GpuRow): void {
  console.log(`\n${row.preset}, ${row.precision}: ${row.px} px, batch ${row.batch}`);
  console.log(
    `${formatRate(row.imagesPerS)} images/s, ${row.secondsPer1000Images.toFixed(2)} s per 1,000 images; trace ${seconds(row.traceS)}, ` +
      `XLA ${seconds(row.xlaCompileS)}, peak ${row.peakDeviceMiB ?? 'unknown'} MiB on the card`,
  );
  if (!row.torchEager) return;
  const { imagesPerS, form, peakMiB } = row.torchEager;
  console.log(
    `PyTorch eager ${formatRate(imagesPerS)} images/s (${JSON.stringify(form)}), ${peakMiB.toFixed(0)} MiB: ours is ` +
      `${(row.imagesPerS.median / imagesPerS.median).toFixed(2)} ×`,
  );
}

/** A set of films in one transfer syntax: how much faster ours is, by the clock and by what all cores worked. */
export function printIngest({ kind, syntax, films, megapixels, bytes, sides, ...row }: IngestRow): void {
  console.log(
    `\n${kind}, ${syntax}: ${films} films, ${megapixels.toFixed(1)} Mpx, ${((8 * bytes) / megapixels / 1e6).toFixed(1)} bits a pixel; ` +
      `squares differ by ${row.difference.toFixed(2)} levels`,
  );
  for (const [name, { filmsPerS, cpuSPerFilm }] of Object.entries(sides))
    console.log(
      cells(
        [name, `${formatRate(filmsPerS)} films/s`, `${(1000 * cpuSPerFilm.median).toFixed(0)} ms CPU a film`],
        [14, 34, 20],
      ),
    );
  for (const [what, { wall, cpu }] of Object.entries({ reading: row.reading, 'whole ingest': row.whole }))
    console.log(`${what}: ${formatRate(wall)} × pydicom by the clock, ${formatRate(cpu)} × by CPU`);
}

function formatShare({ count, of, ciLow, ciHigh }: Share): string {
  return `${count} of ${of} (${ciLow.toFixed(3)}–${ciHigh.toFixed(3)})`;
}

/** How often made-up text is found, with 95 % intervals, and the processor time of looking. */
export function printText({ films, groups, cpuMs, ...figures }: TextFigures): void {
  console.log(`\n${films} films, each as it is, with markers, and with made-up text`);
  console.log(`films with text found   ${formatShare(figures.filmsFound)}`);
  console.log(`films with false alarms ${formatShare(figures.filmsAlarmed)}`);
  console.log(`texts covered by half   ${formatShare(figures.half)}`);
  console.log(`by nine tenths          ${formatShare(figures.nineTenths)}`);
  for (const [name, share] of Object.entries(groups))
    console.log(cells([name, formatShare(share)], [24, 26]));
  for (const [name, ms] of Object.entries(cpuMs))
    console.log(cells([name, `${formatRate(ms)} ms of CPU a film, mean ${ms.mean.toFixed(1)}`], [24, 60]));
}

export function printRegistry({ ratios, rounds }: RegistryFigures): void {
  const peers = { metadata: 'bare fastify', download: 'nginx', upload: 'dd with fsync' } as const;
  const units = { metadata: 'requests/s', download: 'MB/s', upload: 'MB/s' } as const;
  for (const name of ['metadata', 'download', 'upload'] as const) {
    const { median, min, max } = ratios[name];
    const of = (side: 'ours' | 'peer') => rounds[name].map((pair) => pair[side].toFixed(0)).join(' ');
    console.log(`\n${name}: ${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)}) of ${peers[name]}`);
    console.log(`  ours ${of('ours')}  ${peers[name]} ${of('peer')}  ${units[name]}`);
  }
}
