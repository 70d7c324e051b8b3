import { existsSync } from 'node:fs';
import { tensorflowRoot } from '../setup/cache.mjs';
import { describeDriver, driverMin, findNvidiaDriver, type NvidiaDriver } from '../setup/nvidia-driver.mjs';
import { backend } from './backend.ts';

export interface GpuReport {
  /** Device, driver and memory, or what is missing and what to do. */
  text: string;
  /** True where the GPU build of TensorFlow is set up and takes no GPU. */
  isProblem: boolean;
  /** Those that the driver serves, by name. */
  models: readonly string[];
  /** Bytes that TensorFlow may use of each GPU that it takes. */
  memoryBytes: readonly number[];
}

interface GpuFacts {
  gpuBuild: boolean;
  driver: NvidiaDriver | null;
  /** Bytes that TensorFlow may use of each GPU. */
  memoryBytes: readonly number[];
  /** Why a library of NVIDIA's couldn't be loaded. */
  unloadable: readonly string[];
}

let unloadable: readonly string[] = [];

export function noteUnloadable(reasons: readonly string[]): void {
  unloadable = reasons;
}

/** What this machine's GPU is and whether TensorFlow uses it. initCompute must have run. Errors: COMPUTE_NOT_STARTED. */
export function describeGpu(): GpuReport {
  return judgeGpu({
    gpuBuild: existsSync(tensorflowRoot(true)),
    driver: findNvidiaDriver(),
    memoryBytes: backend().binding.gpuMemory(),
    unloadable,
  });
}

export function judgeGpu(facts: GpuFacts): GpuReport {
  const { driver, memoryBytes } = facts;
  return { ...describeUse(facts), models: driver?.models ?? [], memoryBytes };
}

function describeUse({
  gpuBuild,
  driver,
  memoryBytes,
  unloadable,
}: GpuFacts): Pick<GpuReport, 'text' | 'isProblem'> {
  if (memoryBytes.length > 0) {
    const memory = memoryBytes.map((bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`).join(' and ');
    return { text: `${describeDriver(driver)} TensorFlow may use ${memory}`, isProblem: false };
  }
  if (!gpuBuild && !driver) return { text: 'none; everything runs on the CPU', isProblem: false };
  if (!gpuBuild)
    return {
      text: `${describeDriver(driver)} TensorFlow is set up for CPUs: run npm run setup -- --gpu`,
      isProblem: false,
    };
  return { text: whyNoGpu(driver, unloadable), isProblem: true };
}

function whyNoGpu(driver: NvidiaDriver | null, unloadable: readonly string[]): string {
  const usable = driver && driver.models.length > 0 && Number.parseInt(driver.version, 10) >= driverMin;
  if (!usable) return describeDriver(driver);
  const reason = unloadable[0] ?? 'start it with TF_CPP_MIN_LOG_LEVEL=0 to see why';
  if (reason.startsWith('libcuda.so'))
    return `${describeDriver(driver)} Its library can't be loaded (${reason}): in a container, pass the GPU in (docker run --gpus all)`;
  return `${describeDriver(driver)} TensorFlow takes no GPU (${reason}), so everything runs on the CPU`;
}
