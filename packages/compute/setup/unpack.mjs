import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

const script = join(dirname(fileURLToPath(import.meta.url)), 'unpack.py');

/**
 * Extracts the members of a zip archive whose path starts with one of `names`, less the prefix `strip`.
 * @param {{ archive: string, strip: string, target: string, names: string[], onProgress?: (fraction: number) => void }} job
 */
export async function unpack({ archive, strip, target, names, onProgress = () => {} }) {
  const onLine = (/** @type {string} */ line) => {
    const [done, total] = line.split(' ').map(Number);
    if (done && total) onProgress(done / total);
  };
  const { exitCode, output } = await runCommand('python3', [script, archive, strip, target, ...names], {
    onLine,
  });
  if (output.includes('No space left on device'))
    throw new SetupError('DISK_FULL', `The disk of ${target} is full`);
  if (exitCode === 127) throw new SetupError('PYTHON_MISSING', "python3 isn't installed");
  if (exitCode !== 0)
    throw new SetupError(
      'UNPACK_FAILED',
      `Unpacking ${archive} failed (${output.trim().split('\n').at(-1)})`,
    );
}
