import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CompletedRelease,
  PART_BYTES,
  ProblemError,
  type ReleaseState,
  type UploadState,
} from '@synspine/protocol';
import { MANIFEST_FILE, signAgain } from '@synspine/release';
import { readKey } from '../../keys.ts';
import { openRegistry, type Registry } from '../../registry/open-registry.ts';
import { retry } from '../../registry/retry.ts';
import { RELEASE_FOLDER, type SignOutput } from '../sign/output.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { outputOf, stageFolder } from '../stage-result.ts';

export type UploadOutput = {
  releaseId: string;
  version: number;
  manifestSha256: string;
  /** When the registry had it whole. */
  completedAt?: string;
  /** Where it stood then; absent in runs of agents before 0.2.0, whose releases were published at once. */
  state?: ReleaseState;
};

const TRIES = 4; // of one request within some four seconds; then the run waits, and says so
const ROUNDS_MAX = 3; // sending again what the registry found missing or damaged

type Upload = StageContext & Registry & { folder: string; state: UploadState };

/**
 * Sends the signed release in parts; what the registry already has isn't sent again. The same release always has the
 * same Idempotency-Key, so that sending it twice makes one. It is done once the registry has all of it: what then becomes
 * of the release, `synspine-site status` asks. A generator that the registry can't take stops the run, with the code.
 */
export async function runUpload(context: StageContext): Promise<StageOutcome> {
  const { run, guard } = context;
  const { manifestSha256, version } = await outputOf<SignOutput>(run, 'sign');
  const folder = join(stageFolder(run, 'sign'), RELEASE_FOLDER);
  const registry = await openRegistry(context.home);
  await guard();
  const state = await announce(context, registry, folder, manifestSha256);
  const completed = await sendAndComplete({ ...context, ...registry, folder, state });
  if (completed.manifestSha256 !== manifestSha256)
    throw new ProblemError('FILE_HASH_MISMATCH', 'the manifest at the registry');
  const output: UploadOutput = {
    releaseId: completed.id,
    version,
    manifestSha256,
    completedAt: completed.publishedAt,
    state: completed.progress?.state ?? 'published', // a registry before 0.2.0
  };
  const code = completed.progress?.code;
  return code ? { kind: 'stopped', code, output } : { kind: 'done', output };
}

async function announce(
  { home, signal }: StageContext,
  { client }: Registry,
  folder: string,
  manifestSha256: string,
): Promise<UploadState> {
  const signed = await readFile(join(folder, MANIFEST_FILE), 'utf8');
  const manifest = await signAgain(signed, await readKey(home, 'signing')); // the keys may be others by now
  const headers = { 'idempotency-key': manifestSha256 };
  const send = () => client.call('createRelease', { headers, body: { manifest } }, { signal });
  return retry(send, { tries: TRIES, signal });
}

async function sendAndComplete(upload: Upload): Promise<CompletedRelease> {
  const { client, signal, guard } = upload;
  const params = { releaseId: upload.state.releaseId };
  for (let round = 1; ; round++) {
    await sendMissingParts(upload);
    await guard();
    try {
      return await retry(() => client.call('completeRelease', { params }, { signal }), {
        tries: TRIES,
        signal,
      });
    } catch (error) {
      const isIncomplete = error instanceof ProblemError && SEND_AGAIN.has(error.code);
      if (!isIncomplete || round === ROUNDS_MAX) throw error;
    }
    upload.state = await retry(() => client.call('uploadState', { params }, { signal }), {
      tries: TRIES,
      signal,
    });
  }
}

const SEND_AGAIN: ReadonlySet<string> = new Set(['RELEASE_INCOMPLETE', 'FILE_HASH_MISMATCH']);

async function sendMissingParts(upload: Upload): Promise<void> {
  const { state, folder, report } = upload;
  const total = state.files.reduce((sum, { size }) => sum + size, 0);
  let sent = 0;
  for (const file of state.files) {
    const handle = await open(join(folder, file.name), 'r');
    try {
      for (let part = 1; part <= Math.ceil(file.size / PART_BYTES); part++) {
        const bytes = Buffer.alloc(Math.min(PART_BYTES, file.size - (part - 1) * PART_BYTES));
        await handle.read(bytes, 0, bytes.length, (part - 1) * PART_BYTES);
        if (!file.parts.includes(part)) await sendPart(upload, file.name, part, bytes);
        sent += bytes.length;
        await report({ share: sent / total });
      }
    } finally {
      await handle.close();
    }
  }
}

async function sendPart(
  { client, state, signal }: Upload,
  name: string,
  part: number,
  body: Buffer,
): Promise<void> {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const params = { releaseId: state.releaseId, name, part };
  const send = () =>
    client.call('putPart', { params, headers: { 'content-digest': digest }, body }, { signal });
  await retry(send, { tries: TRIES, signal });
}
