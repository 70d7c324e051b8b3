import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const tensorflowVersion = '2.21.0';
export const compileFlags = ['-O2', '-std=c++17', '-fPIC', '-DNAPI_VERSION=8'];

/** Where everything lives that is too large or too machine-bound for the work tree. The only reader of SYNSPINE_CACHE. */
export function cacheDir() {
  return resolve(process.env.SYNSPINE_CACHE || join(homedir(), '.cache', 'synspine'));
}

/** The installed TensorFlow of one kind: tensorflow/ and, for GPUs, nvidia/ beside it. @param {boolean} gpu */
export function tensorflowRoot(gpu) {
  return join(cacheDir(), `tensorflow-${tensorflowVersion}-${gpu ? 'gpu' : 'cpu'}`);
}

/** Holds libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include/. The GPU build serves where it was set up. */
export function tensorflowDir() {
  return join(tensorflowRoot(existsSync(tensorflowRoot(true))), 'tensorflow');
}

/** The driver's library and NVIDIA's beside the GPU build, in an order in which each finds those that it needs; empty with the CPU build. */
export function nvidiaLibraries() {
  const folder = join(tensorflowRoot(true), 'nvidia');
  if (!existsSync(folder)) return [];
  return ['libcuda.so.1', ...nvidiaLibraryNames.map(([part, file]) => join(folder, part, 'lib', file))];
}

/** Folder below nvidia/ and file. */
export const nvidiaLibraryNames = [
  ['cuda_runtime', 'libcudart.so.12'],
  ['nvjitlink', 'libnvJitLink.so.12'],
  ['cuda_nvrtc', 'libnvrtc.so.12'],
  ['cublas', 'libcublasLt.so.12'],
  ['cublas', 'libcublas.so.12'],
  ['cusparse', 'libcusparse.so.12'],
  ['cusolver', 'libcusolver.so.11'],
  ['cufft', 'libcufft.so.11'],
  ['curand', 'libcurand.so.10'],
  ['cudnn', 'libcudnn.so.9'],
  ['nccl', 'libnccl.so.2'],
  ['cuda_cupti', 'libcupti.so.12'],
];

/** The FID Inception's weights as safetensors. */
export function inceptionWeightsPath() {
  return join(cacheDir(), 'inception-2015-12-05', 'inception-2015-12-05.safetensors');
}

/** The native sources, in a fixed order. */
export function nativeSources() {
  const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');
  return readdirSync(folder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** node-api-headers' include folder and version, found from this package. */
export function nodeApiHeaders() {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('node-api-headers/package.json');
  return {
    include: join(dirname(manifest), 'include'),
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
  };
}

/** The addon built from exactly these sources, flags, headers and TensorFlow: any change gives another path, hence a rebuild. */
export function addonDir() {
  const hash = createHash('sha256');
  const ingredients = {
    tensorflowVersion,
    compileFlags,
    headers: nodeApiHeaders().version,
    arch: process.arch,
    tensorflow: tensorflowDir(),
  };
  hash.update(JSON.stringify(ingredients));
  for (const path of nativeSources()) hash.update(readFileSync(path));
  return join(cacheDir(), `addon-${hash.digest('hex').slice(0, 16)}`);
}

export function addonPath() {
  return join(addonDir(), 'compute.node');
}

/** Loaded before the addon, see native/quiet_logs.cc. */
export function quietAddonPath() {
  return join(addonDir(), 'quiet.node');
}
