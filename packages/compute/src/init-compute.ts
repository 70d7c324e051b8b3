import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { addonPath, nvidiaLibraries, quietAddonPath, tensorflowDir } from '../setup/cache.mjs';
import { findNvidiaDriver } from '../setup/nvidia-driver.mjs';
import { backend, backendName } from './backend.ts';
import type { Binding } from './binding.ts';
import { ComputeError } from './compute-error.ts';
import { noteUnloadable } from './describe-gpu.ts';
import { guardBinding, guardInputs } from './guard-binding.ts';
import { gatherWithoutReading } from './ops/gather-kernel.ts';
import { repairGradients } from './ops/repair-gradients.ts';
import { repairedKernels } from './ops/repaired-kernels.ts';

export interface ComputeInfo {
  tensorflowVersion: string;
  device: 'cpu' | 'gpu';
  /** How many ops may run side by side. */
  threads: number;
}

let threadCount = 0;

/**
 * Starts TensorFlow and makes it tfjs's backend; later calls only report. Must run before any tensor is made.
 * @param options.threads threads for ops side by side; 0 or absent leaves the choice to TensorFlow (all cores)
 * @param options.opThreads threads for one op, as many if absent. 1 pays for small networks: handing parts of a small op to another
 *   thread costs more than the op, but two ops at once don't.
 * Errors: COMPUTE_NOT_SET_UP.
 */
export function initCompute(options: { threads?: number; opThreads?: number } = {}): ComputeInfo {
  const { threads = 0, opThreads = threads } = options;
  if (!tf.findBackend(backendName)) {
    register(threads, opThreads);
    threadCount = threads || availableParallelism();
  }
  if (tf.getBackend() !== backendName) tf.setBackend(backendName);
  const { binding } = backend();
  return {
    tensorflowVersion: binding.TF_Version,
    device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
    threads: threadCount,
  };
}

function register(threads: number, opThreads: number): void {
  const require = createRequire(import.meta.url);
  const binding = guardBinding(loadAddon(require));
  noteUnloadable(binding.initialize(opThreads, threads, findNvidiaDriver() ? nvidiaLibraries() : []));
  restoreRemovedUtilities(require);
  // Not the package's index, which would load the addon that its own installer downloads.
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js');
  tf.registerBackend(backendName, () => {
    const native = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    guardInputs(native);
    return native;
  });
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  for (const kernel of [gatherWithoutReading, ...repairedKernels]) {
    tf.unregisterKernel(kernel.kernelName, backendName);
    tf.registerKernel(kernel);
  }
  repairGradients();
}

function loadAddon(require: NodeJS.Require): Binding {
  const path = addonPath();
  if (!existsSync(path) || !existsSync(tensorflowDir())) {
    throw new ComputeError(
      'COMPUTE_NOT_SET_UP',
      'The compute engine is not set up on this machine. Run `npm run setup`.',
    );
  }
  require(quietAddonPath());
  return require(path);
}

/** tfjs 4.22 calls two functions of Node's util module that are deprecated, and gone since Node 23. */
function restoreRemovedUtilities(require: NodeJS.Require): void {
  Object.assign(require('node:util'), {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
