import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../packages/compute/src/index.ts';
import type { GanPreset } from '../packages/gan/src/index.ts';
import { type Contender, startContender } from './contender.ts';
import type { BenchOptions } from './options.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** A layout and a filter among those that `torch/resample.py` offers. */
export type TorchForm = { channels_last: boolean; fir: 'slices' | 'depthwise' | 'boxes' };

/** Starts contenders on one preset. Their job files, the shared weights and compiled graphs lie in a folder of their own. */
export function createJobs(options: BenchOptions, preset: GanPreset) {
  const folder = mkdtempSync(join(tmpdir(), 'synspine-bench-'));
  const weights = join(folder, 'reference.safetensors');
  // A fresh folder makes PyTorch compile as on a first run; --quick keeps what it compiled last time.
  const inductor = options.quick ? join(cacheDir(), 'bench-inductor') : join(folder, 'inductor');
  const writeJob = (name: string, extra: object) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify({ preset, threads: options.threads, seed: 1, weights, ...extra }));
    return path;
  };
  return {
    weights,
    ours: (name: string, settings: { xla: boolean; bfloat16?: boolean }): Promise<Contender> =>
      startContender(name, process.execPath, [
        '--import',
        'tsx',
        join(here, 'children/gan.ts'),
        writeJob(name, settings),
      ]),
    torch: (name: string, settings: { compiled: boolean; how: TorchForm }): Promise<Contender> =>
      startContender(name, options.python, [join(here, 'torch/contender.py'), writeJob(name, settings)], {
        TORCHINDUCTOR_CACHE_DIR: inductor,
        PYTHONDONTWRITEBYTECODE: '1', // no __pycache__ in the tree
        OMP_NUM_THREADS: String(options.threads), // also of the code that inductor writes
      }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export type Jobs = ReturnType<typeof createJobs>;
