import { rmSync } from 'node:fs';
import { cacheDir, tensorflowDir, tensorflowVersion } from './cache.mjs';
import { fetchWheel } from './fetch-wheel.mjs';
import { installFolder, isInstalled, requireDiskSpace } from './install-folder.mjs';
import { SetupError } from './setup-error.mjs';
import { unpack } from './unpack.mjs';

// The libraries and headers are the same in the wheels of every Python version, so one is pinned whatever Python runs here.
const wheel = {
  requirement: `tensorflow-cpu==${tensorflowVersion}`,
  fileName: `tensorflow_cpu-${tensorflowVersion}-cp312-cp312-manylinux_2_27_x86_64.whl`,
  sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  bytes: 274_000_871,
  pipArgs: [
    '--only-binary=:all:',
    '--python-version',
    '3.12',
    '--implementation',
    'cp',
    '--platform',
    'manylinux_2_27_x86_64',
  ],
};

// The C API's headers and what they include.
const members = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/LICENSE',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
];

// 274 MB of wheel while unpacking, 855 MB of libraries for good, and room to breathe for what follows.
const diskBytes = 2.5e9;

/**
 * Puts TensorFlow's C libraries and headers into the cache (about 20 s the first time, milliseconds after that).
 * Errors: PLATFORM_UNSUPPORTED, PYTHON_MISSING, PIP_MISSING, DISK_FULL, DOWNLOAD_FAILED, HASH_MISMATCH, UNPACK_FAILED.
 * @param {{ onProgress?: (fraction: number, message: string) => void }} [options]
 * @returns {Promise<string>} the folder
 */
export async function ensureTensorflow({ onProgress = () => {} } = {}) {
  const folder = tensorflowDir();
  if (!isInstalled(folder)) {
    requirePlatform();
    requireDiskSpace(cacheDir(), diskBytes);
    const archive = await fetchWheel(wheel, (fraction) =>
      onProgress(fraction * 0.6, 'Downloading TensorFlow'),
    );
    const onUnpack = (/** @type {number} */ fraction) =>
      onProgress(0.6 + fraction * 0.4, 'Unpacking TensorFlow');
    await installFolder(folder, (target) =>
      unpack({ archive, strip: 'tensorflow/', target, names: members, onProgress: onUnpack }),
    );
    rmSync(archive);
  }
  onProgress(1, 'TensorFlow is ready');
  return folder;
}

function requirePlatform() {
  // Absent where Node runs on another C library (Alpine's musl).
  const glibc = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
    .header.glibcVersionRuntime;
  if (process.platform === 'linux' && process.arch === 'x64' && glibc) return;
  const system = `${process.platform} ${process.arch}${process.platform === 'linux' && !glibc ? ' without glibc' : ''}`;
  throw new SetupError('PLATFORM_UNSUPPORTED', `TensorFlow's libraries aren't available for ${system}`);
}
