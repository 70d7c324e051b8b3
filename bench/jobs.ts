import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDir, inceptionWeightsPath, type Precision } from '../packages/compute/src/index.ts';
import type { GanPreset } from '../packages/gan/src/index.ts';
import { type Contender, startContender } from './contender.ts';
import { noise } from './noise.ts';
import type { BenchOptions } from './options.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** A layout, and a filter among those that `python/resample.py` offers; `inductor`: options of torch.compile. */
export type TorchForm = {
  channels_last: boolean;
  fir: 'slices' | 'depthwise' | 'boxes';
  inductor?: { cpp_wrapper: boolean };
};

/** `device` 'cuda' with a `precision` on a card; default the CPU. */
type TorchSettings = { compiled: boolean; how: TorchForm; device?: 'cuda'; precision?: Precision };

/** A folder of a comparison's own, for job files and what contenders hand over. */
function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'synspine-bench-'));
  const path = (name: string) => join(folder, name);
  const writeJob = (name: string, job: object) => {
    writeFileSync(path(`${name}.json`), JSON.stringify(job));
    return path(`${name}.json`);
  };
  return { path, writeJob, remove: () => rmSync(folder, { recursive: true }) };
}

function startNode(name: string, child: string, job: string): Promise<Contender> {
  return startContender(name, process.execPath, ['--import', 'tsx', join(here, 'children', child), job]);
}

function startPython(
  options: BenchOptions,
  name: string,
  script: string,
  job: string,
  env = {},
): Promise<Contender> {
  return startContender(name, options.python, [join(here, 'python', script), job], {
    PYTHONDONTWRITEBYTECODE: '1', // no __pycache__ in the tree
    OMP_NUM_THREADS: String(options.threads),
    ...env,
  });
}

/** Starts contenders on one preset, all from the same weights. */
export function createJobs(options: BenchOptions, preset: GanPreset) {
  const folder = createFolder();
  const weights = folder.path('reference.safetensors');
  // A fresh folder makes PyTorch compile as on a first run; --quick keeps what it compiled last time.
  const inductor = options.quick ? join(cacheDir(), 'bench-inductor') : folder.path('inductor');
  const common = { preset, threads: options.threads, seed: 1, weights };
  return {
    weights,
    ours: (name: string, settings: { xla: boolean; precision?: Precision }) =>
      startNode(name, 'gan.ts', folder.writeJob(name, { ...common, ...settings })),
    torch: (name: string, settings: TorchSettings) =>
      startPython(options, name, 'gan.py', folder.writeJob(name, { ...common, ...settings }), {
        TORCHINDUCTOR_CACHE_DIR: inductor,
      }),
    remove: folder.remove,
  };
}

export type Jobs = ReturnType<typeof createJobs>;

/** Starts contenders on `count` square gray images of noise. */
export function createFeatureJobs(options: BenchOptions, { count, side }: { count: number; side: number }) {
  const folder = createFolder();
  const images = folder.path('images.raw');
  writeFileSync(images, noise(count * side * side));
  const job = { threads: options.threads, weights: inceptionWeightsPath(), images, count, side };
  return {
    count,
    side,
    path: folder.path,
    ours: () => startNode('ours', 'inception.ts', folder.writeJob('ours', job)),
    onnxruntime: () =>
      startPython(options, 'onnxruntime', 'inception.py', folder.writeJob('onnxruntime', job)),
    remove: folder.remove,
  };
}

/** The same films in one transfer syntax. */
export type FilmSet = {
  kind: 'small' | 'large';
  syntax: string;
  folder: string;
  films: number;
  megapixels: number;
  bytes: number;
};

/** Starts contenders that read films, each in `options.threads` processes. */
export function createIngestJobs(options: BenchOptions) {
  const folder = createFolder();
  const job = { processes: options.threads };
  return {
    path: folder.path,
    /** Writes the films of a folder in each of the options' transfer syntaxes. */
    async encode(films: string, counts: { small: number; large: number }): Promise<FilmSet[]> {
      const { syntaxes } = options;
      const task = folder.writeJob('films', { films, out: folder.path('films'), syntaxes, ...counts });
      const script = join(here, 'python', 'ingest_films.py');
      const { stdout } = await promisify(execFile)(options.python, ['-B', script, task]);
      return JSON.parse(stdout) as FilmSet[];
    },
    /** `isWhole`: with the search for burned-in text, as a site reads films. */
    ours: (name: string, isWhole: boolean) =>
      startNode(name, 'ingest.ts', folder.writeJob(name, { ...job, isWhole })),
    pydicom: () => startPython(options, 'pydicom', 'ingest.py', folder.writeJob('pydicom', job)),
    remove: folder.remove,
  };
}

export type IngestJobs = ReturnType<typeof createIngestJobs>;
