import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  const includes = [`-I${nodeApiHeaders().include}`, `-I${join(tensorflowDir(), 'include')}`];
  const objects = sources.map((source) => join(target, `${basename(source)}.o`));
  let done = 0;
  const compileOne = async (/** @type {string} */ source, /** @type {number} */ index) => {
    await gpp([...compileFlags, ...includes, '-c', source, '-o', objects[index]]);
    done += 1;
    onProgress(done / (sources.length + 1), 'Compiling the compute addon');
  };
  await Promise.all(sources.map(compileOne)); // ten small files: no need to bound the number of compilers
  const quiet = join(target, 'quiet_logs.cc.o');
  const rest = objects.filter((object) => object !== quiet);
  const runPath = `-Wl,-rpath,${tensorflowDir()}`;
  const libraries = [`-L${tensorflowDir()}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  await gpp(['-shared', quiet, '-o', join(target, 'quiet.node'), runPath]);
  await gpp(['-shared', ...rest, '-o', join(target, 'compute.node'), runPath, ...libraries]);
  for (const object of objects) rmSync(object);
}

/** @param {string[]} args */
async function gpp(args) {
  const { exitCode, output } = await runCommand('g++', args);
  if (exitCode === 0) return;
  const reason = output.split('\n').find((line) => line.includes('error')) ?? output.slice(0, 200);
  throw new SetupError('COMPILE_FAILED', `g++ couldn't compile the compute addon (${reason.trim()})`);
}
