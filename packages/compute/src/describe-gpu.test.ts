import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askNvidiaSmi, describeDriver, readDriver } from '../setup/nvidia-driver.mjs';
import { judgeGpu } from './describe-gpu.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synspine-driver-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the kernel shows of a driver, in the words of two real ones. */
function driverFolder(version: string, models: string[]): string {
  writeFileSync(join(folder, 'version'), `NVRM version: ${version}\nGCC version:  gcc version 12.3.0\n`);
  for (const [index, model] of models.entries()) {
    mkdirSync(join(folder, 'gpus', `0000:0${index}:00.0`), { recursive: true });
    writeFileSync(
      join(folder, 'gpus', `0000:0${index}:00.0`, 'information'),
      `Model: \t\t ${model}\nIRQ:   \t\t 120\nGPU UUID: \t GPU-0\n`,
    );
  }
  return folder;
}

describe('the NVIDIA driver', () => {
  it('is read from the kernel, closed or open, with the GPUs that it serves', () => {
    const closed = 'NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023';
    expect(readDriver(driverFolder(closed, ['NVIDIA A100-SXM4-80GB', 'Tesla T4']))).toEqual({
      version: '535.104.05',
      models: ['NVIDIA A100-SXM4-80GB', 'Tesla T4'],
    });
    const open = 'NVIDIA UNIX Open Kernel Module for x86_64  555.42.02  Release Build  (dvs-builder@U16)';
    expect(readDriver(driverFolder(open, []))?.version).toBe('555.42.02');
  });

  it('is absent where the kernel shows none', () => {
    expect(readDriver(join(folder, 'none'))).toBeNull();
    expect(describeDriver(null)).toMatch(/no NVIDIA driver.*install driver 525/);
  });

  it('is asked of nvidia-smi where the kernel hides it', () => {
    const smi = join(folder, 'nvidia-smi');
    const answer = (lines: string, code = 0) =>
      writeFileSync(smi, `#!/bin/sh\nprintf '${lines}'\nexit ${code}\n`, { mode: 0o755 });
    answer('580.159.03, NVIDIA H200\\n580.159.03, NVIDIA H200\\n');
    expect(askNvidiaSmi(smi)).toEqual({ version: '580.159.03', models: ['NVIDIA H200', 'NVIDIA H200'] });
    answer('NVIDIA-SMI has failed because it couldn\\047t communicate with the NVIDIA driver.\\n', 9);
    expect(askNvidiaSmi(smi)).toBeNull();
    expect(askNvidiaSmi(join(folder, 'absent'))).toBeNull();
  });

  it('is refused when it is older than CUDA 12, and when it serves no GPU', () => {
    const models = ['NVIDIA H100 80GB HBM3'];
    expect(describeDriver({ version: '524.99', models })).toMatch(/524.99 is too old.*install 525/);
    expect(describeDriver({ version: '525.60.13', models })).toBe('NVIDIA H100 80GB HBM3, driver 525.60.13.');
    expect(describeDriver({ version: '550.54.15', models: [] })).toMatch(/no GPU here.*--gpus all/);
  });
});

describe('the report about the GPU', () => {
  const driver = { version: '550.54.15', models: ['NVIDIA H100 80GB HBM3'] };
  const facts = { gpuBuild: true, driver, memoryBytes: [] as number[], unloadable: [] as string[] };

  it('gives device, driver and memory of one in use', () => {
    expect(judgeGpu({ ...facts, memoryBytes: [79 * 2 ** 30] })).toEqual({
      text: 'NVIDIA H100 80GB HBM3, driver 550.54.15. TensorFlow may use 79.0 GiB',
      isProblem: false,
      models: ['NVIDIA H100 80GB HBM3'],
      memoryBytes: [79 * 2 ** 30],
    });
  });

  it('is content with a CPU where nobody asked for a GPU, and says how to use one that is there', () => {
    expect(judgeGpu({ ...facts, gpuBuild: false, driver: null })).toEqual({
      text: 'none; everything runs on the CPU',
      isProblem: false,
      models: [],
      memoryBytes: [],
    });
    const { text, isProblem } = judgeGpu({ ...facts, gpuBuild: false });
    expect([text, isProblem]).toEqual([expect.stringMatching(/H100.*npm run setup -- --gpu/), false]);
  });

  it('is a problem when the GPU build takes no GPU, with the reason', () => {
    const problem = (change: Partial<typeof facts> | { driver: null }) => {
      const { text, isProblem } = judgeGpu({ ...facts, ...change });
      expect(isProblem).toBe(true);
      return text;
    };
    expect(problem({ driver: null })).toMatch(/no NVIDIA driver/);
    expect(problem({ driver: { version: '470.1', models: ['Tesla K80'] } })).toMatch(/too old/);
    expect(problem({ driver: { ...driver, models: [] } })).toMatch(/--gpus all/);
    expect(problem({ unloadable: ['libcudnn.so.9: cannot open'] })).toMatch(
      /takes no GPU \(libcudnn.so.9: cannot/,
    );
    const noLibcuda = 'libcuda.so.1: cannot open shared object file: No such file or directory';
    expect(problem({ unloadable: [noLibcuda] })).toMatch(/H100.*libcuda.so.1: cannot open.*--gpus all/);
    expect(problem({})).toMatch(/TF_CPP_MIN_LOG_LEVEL=0/);
  });
});
