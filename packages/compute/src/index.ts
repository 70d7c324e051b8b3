import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';

export * as tf from '@tensorflow/tfjs-core';
export { cacheDir, inceptionWeightsPath } from '../setup/cache.mjs';
export { writeSafetensors } from '../setup/write-safetensors.mjs';
export { liveTensors } from './backend.ts';
export { type CompiledFunction, type CompileOptions, compile, compileCounts } from './compile.ts';
export { ComputeError } from './compute-error.ts';
export { describeGpu, type GpuReport } from './describe-gpu.ts';
export { type ComputeInfo, initCompute } from './init-compute.ts';
export { addBias } from './ops/add-bias.ts';
export { firDownsample2, firFilter, firUpsample2 } from './ops/fir.ts';
export { lrelu } from './ops/lrelu.ts';
export { downsample2, upsample2 } from './ops/resample.ts';
export { pixelShuffle, sigmoidSafe, softplusStable } from './ops/second-order.ts';
export { foldSeed, type Seed, statelessInt, statelessNormal, statelessUniform } from './random.ts';
export { readSafetensors, type StoredTensor } from './safetensors/read-safetensors.ts';
export { seededNormal, seededRandom, shuffled, shuffledForever } from './seeded-random.ts';
export type { TensorTree } from './tensor-tree.ts';
