import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StartWeights } from '@synspine/gan';
import {
  ANCESTORS_MAX,
  type Ancestry,
  ancestry,
  releaseManifest,
  type StartWeightsFacts,
} from '@synspine/protocol';
import { MANIFEST_FILE, parseStrictJson } from '@synspine/release';
import { z } from 'zod';
import { readJson } from '../../durable-file.ts';

/** Where a run's own start weights come from; beside them, so that a checkpoint of the run tells it, too. */
export const ANCESTRY_FILE = 'start.json';
/** What is read of a manifest, of whatever version of Synspine. */
const { siteId, version, files, lineage } = releaseManifest.shape;
const stated = z.object({ siteId, version, files, lineage });
const MANIFEST_BYTES_MAX = 2 ** 20; // as the registry takes it

export const RANDOM: Ancestry = { ancestors: [], origin: 'random' };

/**
 * The line of a training that starts from the file at `path`: the file itself and, as far as what lies beside it says, what that came
 * from: a release's manifest that lists the file, or the note that a run keeps with its checkpoints. Nothing is verified but the file's hash.
 */
export async function readAncestry(path: string, sha256: string, start: StartWeights): Promise<Ancestry> {
  const isCheckpoint = Object.keys(start.discriminator).length > 0;
  const kind = isCheckpoint ? 'checkpoint' : 'release';
  const known = isCheckpoint ? await readNote(dirname(path)) : await readManifest(dirname(path), sha256);
  return append({ sha256, kind, release: known?.release ?? null }, known?.line);
}

function append(first: StartWeightsFacts, line: Ancestry | undefined): Ancestry {
  if (!line) return { ancestors: [first], origin: 'unknown' };
  const whole = [first, ...line.ancestors];
  const isCut = whole.length > ANCESTORS_MAX;
  return { ancestors: whole.slice(0, ANCESTORS_MAX), origin: isCut ? 'unknown' : line.origin };
}

type Known = { release: StartWeightsFacts['release']; line: Ancestry | undefined };

async function readNote(folder: string): Promise<Known | undefined> {
  const note = ancestry.safeParse(
    await readJson<unknown>(join(folder, ANCESTRY_FILE)).catch(() => undefined),
  );
  return note.success ? { release: null, line: note.data } : undefined;
}

async function readManifest(folder: string, sha256: string): Promise<Known | undefined> {
  const payload = await readPayload(join(folder, MANIFEST_FILE)).catch(() => undefined);
  const parsed = stated.safeParse(payload && parseStrictJson(payload));
  if (!payload || !parsed.success) return undefined;
  const { siteId, version, lineage: line } = parsed.data;
  if (!parsed.data.files.some((file) => file.kind === 'generator' && file.sha256 === sha256))
    return undefined;
  const manifestSha256 = createHash('sha256').update(payload).digest('hex');
  return { release: { siteId, version, manifestSha256 }, line };
}

async function readPayload(path: string): Promise<Buffer | undefined> {
  const { size } = await stat(path);
  if (size > MANIFEST_BYTES_MAX) return undefined;
  return Buffer.from((await readFile(path, 'utf8')).split('.')[1] ?? '', 'base64url');
}
