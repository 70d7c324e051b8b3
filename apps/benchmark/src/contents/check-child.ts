import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initCompute, tf } from '@synspine/compute';
import { type Confinement, confineProcess, NOT_CONFINED } from '@synspine/confinement';
import type { ContentVerdict } from '@synspine/protocol';
import sharp from 'sharp';
import { type CheckedRelease, checkContents } from './check-contents.ts';
import { ContentFault } from './content-fault.ts';
import { indexPublished } from './index-published.ts';

/** What the child is asked, once. `index`: only the fingerprints of a release that is published already. */
export type CheckRequest = CheckedRelease & { kind: 'check' | 'index' };
/** Said when the child has given up what it can; then once more, with what it found. */
export type ChildReady = Confinement;
export type ChildAnswer = { verdict: ContentVerdict; fingerprints: Uint8Array | null };

// Runs only as a child process of look-into: parent and child share no memory, and the child can be killed.
process.on('disconnect', () => process.exit(0));
void start();

/** `argv`: threads; the confinement's addon, or '' where this system has none; the folders that may be read. */
async function start(): Promise<void> {
  const [threads, addon, ...folders] = process.argv.slice(2);
  initCompute({ threads: Number(threads) });
  await warmUp();
  process.once('message', async (request: CheckRequest) => {
    process.on('unhandledRejection', () => undefined); // of columns that a reader gave up, besides the one that is answered
    process.send?.(await answer(request), () => process.exit(0));
  });
  const code = dirname(dirname(fileURLToPath(import.meta.url)));
  process.send?.((addon ? confineProcess(addon, [...folders, code]) : NOT_CONFINED) satisfies ChildReady);
}

/** Has libraries open what they open late, before the system takes it. */
async function warmUp(): Promise<void> {
  tf.tidy(() => tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync());
  await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
    .png()
    .toBuffer();
}

async function answer({ kind, ...release }: CheckRequest): Promise<ChildAnswer> {
  try {
    const fingerprints = await (kind === 'check' ? checkContents(release) : indexPublished(release));
    return { verdict: 'pass', fingerprints };
  } catch (error) {
    const verdict = error instanceof ContentFault ? error.code : 'CONTENT_UNREADABLE';
    return { verdict, fingerprints: null };
  }
}
