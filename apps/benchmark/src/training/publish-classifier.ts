import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signClassifier, writeFileAtomic } from '@synspine/release';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import type { Session } from '../registry-session.ts';
import { describeTarget, type Target } from './plan-targets.ts';
import { trainApart } from './train-apart.ts';

/** `threads`: of one training. */
export type PublishDeps = { home: Home; session: Session; log: Log; signal: AbortSignal; threads: number };

/**
 * Sees to it that the registry has this classifier: trains it unless it was trained before, signs it, and sends what
 * the registry lacks. It can be cut off anywhere and repeated; the same descriptor is announced each time, so a registry
 * that lost it gets it again.
 */
export async function publishClassifier(deps: PublishDeps, target: Target): Promise<void> {
  const { home, session, signal, log, threads } = deps;
  const folder = join(home.classifiers, target.id);
  const weightsPath = join(folder, 'weights.safetensors');
  await mkdir(folder, { recursive: true });
  if (!existsSync(weightsPath))
    await writeFileAtomic(weightsPath, await trainApart(target, { threads, signal }));
  const isNew = await send(session, target, await readFile(weightsPath), signal);
  if (isNew) log.info('classifier was published', { classifierId: target.id, trainedOn: target.trainedOn });
}

async function send(
  { client, signingKey }: Session,
  target: Target,
  weights: Uint8Array,
  signal: AbortSignal,
) {
  const hash = createHash('sha256').update(weights).digest();
  const descriptor = describeTarget(target, { sha256: hash.toString('hex'), size: weights.length });
  const { status } = await client.call(
    'createClassifier',
    {
      headers: { 'idempotency-key': `classifier-${target.id}` },
      body: { classifier: await signClassifier(descriptor, signingKey) },
    },
    { signal },
  );
  if (status === 'ready') return false;
  const digest = `sha-256=:${hash.toString('base64')}:`;
  const input = { params: { classifierId: target.id }, headers: { 'content-digest': digest }, body: weights };
  await client.call('putClassifierWeights', input, { signal });
  return true;
}
