import { join } from 'node:path';
import { addonDir, addonPath, compileFlags, nativeSources, nodeApiHeaders, tensorflowDir } from './cache.mjs';
import { installFolder, isInstalled } from './install-folder.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Compiles the native addon against the TensorFlow in the cache (about 15 s; a no-op while sources and versions stay the same).
 * Errors: COMPILER_MISSING, COMPILE_FAILED, DISK_FULL.
 * @param {{ onProgress?: (fraction: number, message: string) => void }} [options]
 * @returns {Promise<string>} the addon's path
 */
export async function ensureAddon({ onProgress = () => {} } = {}) {
  if (!isInstalled(addonDir())) {
    onProgress(0, 'Compiling the compute addon');
    if ((await runCommand('g++', ['--version'])).exitCode !== 0)
      throw new SetupError('COMPILER_MISSING', "g++ isn't installed");
    await installFolder(addonDir(), (target) => compile(target, onProgress));
  }
  onProgress(1, 'The compute addon is ready');
  return addonPath();
}

/** @param {string} target @param {(fraction: number, message: string) => void} onProgress */
async function compile(target, onProgress) {
  const sources = nativeSources().filter((path) => path.endsWith('.cc'));
  const objects = [];
  const includes = [`-I${nodeApiHeaders().include}`, `-I${join(tensorflowDir(), 'include')}`];
  for (const source of sources) {
    const object = join(target, `${objects.length}.o`);
    await gpp([...compileFlags, ...includes, '-c', source, '-o', object]);
    objects.push(object);
    onProgress(objects.length / (sources.length + 1), 'Compiling the compute addon');
  }
  const libraries = [
    `-L${tensorflowDir()}`,
    '-l:libtensorflow_cc.so.2',
    '-l:libtensorflow_framework.so.2',
    `-Wl,-rpath,${tensorflowDir()}`,
  ];
  await gpp(['-shared', ...objects, '-o', join(target, 'compute.node'), ...libraries]);
}

/** @param {string[]} args */
async function gpp(args) {
  const { exitCode, output } = await runCommand('g++', args);
  if (exitCode === 0) return;
  const reason = output.split('\n').find((line) => line.includes('error')) ?? output.slice(0, 200);
  throw new SetupError('COMPILE_FAILED', `g++ couldn't compile the compute addon (${reason.trim()})`);
}
