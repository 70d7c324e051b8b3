import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeStart, type GanPreset, planTransfer, type StartWeights, type Transfer } from '@synspine/gan';
import { writeDurably } from '../../durable-file.ts';
import { errorCode, SiteError } from '../../site-error.ts';

/** Beside the checkpoints: a run that goes on needs no file from outside. */
const START_FILE = 'start.safetensors';
const START_BYTES_MAX = 2 ** 30; // twice a checkpoint of the largest preset

export type StartFile = { sha256: string; bytes: Uint8Array; transfer: Transfer };

/**
 * Weights that a training may start from: a release's generator or a checkpoint. The file is somebody's, and trusted in nothing.
 * Throws OPTION_INVALID when it can't be read, is neither, or belongs to another network.
 */
export async function readStartFile(path: string, preset: GanPreset, classCount: number): Promise<StartFile> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
  if (size === null) throw new SiteError('OPTION_INVALID', '--init-from: no such file');
  if (size > START_BYTES_MAX) throw new SiteError('OPTION_INVALID', '--init-from: larger than 1 GiB');
  const bytes = new Uint8Array(await readFile(path));
  try {
    return {
      sha256: hash(bytes),
      bytes,
      transfer: planTransfer(decodeStart(bytes, preset), preset, classCount),
    };
  } catch (cause) {
    throw new SiteError('OPTION_INVALID', `--init-from: ${errorCode(cause)}`, { cause });
  }
}

/** Copies the file into the run, once. */
export async function keepStartFile(checkpoints: string, bytes: Uint8Array): Promise<void> {
  const path = join(checkpoints, START_FILE);
  if (!existsSync(path)) await writeDurably(path, bytes);
}

/** The run's own copy, when its options name one. Throws RUN_FILE_DAMAGED when it isn't the file that was chosen. */
export async function openStart(
  checkpoints: string,
  sha256: string | undefined,
  preset: GanPreset,
): Promise<StartWeights | undefined> {
  if (sha256 === undefined) return undefined;
  const path = join(checkpoints, START_FILE);
  const bytes = existsSync(path) ? new Uint8Array(await readFile(path)) : new Uint8Array();
  if (hash(bytes) !== sha256) throw new SiteError('RUN_FILE_DAMAGED', 'weights to start from');
  return decodeStart(bytes, preset);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
