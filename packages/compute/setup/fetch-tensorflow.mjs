import { rmSync } from 'node:fs';
import { cacheDir, tensorflowRoot } from './cache.mjs';
import { fetchWheel } from './fetch-wheel.mjs';
import { installFolder, isInstalled, requireDiskSpace } from './install-folder.mjs';
import { SetupError } from './setup-error.mjs';
import { cpuWheels, gpuWheels } from './tensorflow-wheels.mjs';
import { unpack } from './unpack.mjs';

// Wheels and libraries side by side while unpacking (0.3 + 0.9 GB, for GPUs 3.4 + 6.5 GB), and room for what follows.
const diskBytes = { cpu: 2.5e9, gpu: 11e9 };

/**
 * Puts TensorFlow's C libraries and headers into the cache (about 20 s the first time, milliseconds after that; with `gpu` 3.4 GB).
 * Once the GPU build is there, it is the one that serves, with or without `gpu`; it runs on the CPU where it finds no GPU.
 * Errors: PLATFORM_UNSUPPORTED, PYTHON_MISSING, PIP_MISSING, DISK_FULL, DOWNLOAD_FAILED, HASH_MISMATCH, UNPACK_FAILED.
 * @param {{ gpu?: boolean, onProgress?: (fraction: number, message: string) => void }} [options]
 * @returns {Promise<string>} the folder
 */
export async function ensureTensorflow({ gpu = false, onProgress = () => {} } = {}) {
  const forGpu = gpu || isInstalled(tensorflowRoot(true));
  const folder = tensorflowRoot(forGpu);
  if (!isInstalled(folder)) {
    requirePlatform();
    requireDiskSpace(cacheDir(), forGpu ? diskBytes.gpu : diskBytes.cpu);
    await install(folder, forGpu ? gpuWheels : cpuWheels, onProgress);
  }
  onProgress(1, 'TensorFlow is ready');
  return folder;
}

/**
 * @param {string} folder
 * @param {import('./tensorflow-wheels.mjs').LibraryWheel[]} wheels
 * @param {(fraction: number, message: string) => void} onProgress
 */
async function install(folder, wheels, onProgress) {
  const total = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  const shares = wheels.map(({ bytes }) => bytes / total);
  const before = (/** @type {number} */ index) =>
    shares.slice(0, index).reduce((sum, share) => sum + share, 0);
  /** @type {string[]} */
  const archives = [];
  for (const [index, wheel] of wheels.entries()) {
    const report = (/** @type {number} */ fraction) =>
      onProgress(0.6 * (before(index) + fraction * shares[index]), 'Downloading TensorFlow');
    archives.push(await fetchWheel(wheel, report));
  }
  await installFolder(folder, async (target) => {
    for (const [index, archive] of archives.entries()) {
      const report = (/** @type {number} */ fraction) =>
        onProgress(0.6 + 0.4 * (before(index) + fraction * shares[index]), 'Unpacking TensorFlow');
      await unpack({ archive, strip: '', target, names: wheels[index].members, onProgress: report });
    }
  });
  for (const archive of archives) rmSync(archive);
}

function requirePlatform() {
  // Absent where Node runs on another C library (Alpine's musl).
  const glibc = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
    .header.glibcVersionRuntime;
  if (process.platform === 'linux' && process.arch === 'x64' && glibc) return;
  const system = `${process.platform} ${process.arch}${process.platform === 'linux' && !glibc ? ' without glibc' : ''}`;
  throw new SetupError('PLATFORM_UNSUPPORTED', `TensorFlow's libraries aren't available for ${system}`);
}
