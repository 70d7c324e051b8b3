import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeStart, type GanPreset, planTransfer, type StartWeights, type Transfer } from '@synspine/gan';
import type { Ancestry } from '@synspine/protocol';
import { readJson, writeDurably, writeJson } from '../../durable-file.ts';
import { errorCode, SiteError } from '../../site-error.ts';
import { ANCESTRY_FILE, RANDOM, readAncestry } from './ancestry.ts';

/** Beside the checkpoints: a run that goes on needs no file from outside. */
const START_FILE = 'start.safetensors';
const START_BYTES_MAX = 2 ** 30; // twice a checkpoint of the largest preset

export type StartFile = { sha256: string; bytes: Uint8Array; transfer: Transfer; ancestry: Ancestry };

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
    const [sha256, start] = [hash(bytes), decodeStart(bytes, preset)];
    const transfer = planTransfer(start, preset, classCount);
    return { sha256, bytes, transfer, ancestry: await readAncestry(path, sha256, start) };
  } catch (cause) {
    throw new SiteError('OPTION_INVALID', `--init-from: ${errorCode(cause)}`, { cause });
  }
}

/** Copies the file into the run, once, and a note of where it comes from. */
export async function keepStartFile(
  checkpoints: string,
  { bytes, ancestry }: Pick<StartFile, 'bytes' | 'ancestry'>,
): Promise<void> {
  const path = join(checkpoints, START_FILE);
  if (existsSync(path)) return;
  await writeJson(join(checkpoints, ANCESTRY_FILE), ancestry);
  await writeDurably(path, bytes);
}

/** What the run's weights come from, for its release. Throws RUN_FILE_DAMAGED. */
export async function ancestryOf(
  checkpoints: string,
  sha256: string | undefined,
  preset: GanPreset,
): Promise<Ancestry> {
  const start = await openStart(checkpoints, sha256, preset);
  if (!start) return RANDOM;
  const noted = await readJson<Ancestry>(join(checkpoints, ANCESTRY_FILE)); // none in runs of Synspine 0.1.0
  return noted ?? readAncestry(join(checkpoints, START_FILE), sha256!, start);
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
