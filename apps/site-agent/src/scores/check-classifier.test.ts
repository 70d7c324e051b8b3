import { createHash, randomUUID } from 'node:crypto';
import type { ClassifierDescriptor } from '@synspine/protocol';
import { generateKeyPair, signClassifier } from '@synspine/release';
import { describe, expect, it } from 'vitest';
import { checkDescriptor, checkWeights, isWithinQuota } from './check-classifier.ts';

const weights = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251);
const weightsSha256 = createHash('sha256').update(weights).digest('hex');
const descriptor: ClassifierDescriptor = {
  schema: 'synspine.classifier/1',
  id: randomUUID(),
  trainedOn: 'synthetic:elm',
  architecture: 'small-cnn',
  imageSize: 32,
  seeds: 3,
  releases: [{ siteId: 'elm', version: 1, manifestSha256: 'a'.repeat(64) }],
  weightsSha256,
  weightsSize: weights.length,
  createdAt: '2026-01-01T00:00:00.000Z',
};

async function* inChunks(bytes: Uint8Array, size = 1_024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('checkDescriptor', () => {
  it('accepts what the pinned key signed', async () => {
    const { privateJwk, publicJwk } = await generateKeyPair();
    expect(await checkDescriptor(await signClassifier(descriptor, privateJwk), [publicJwk])).toEqual(
      descriptor,
    );
  });

  it('refuses another signer, though it calls itself the benchmark', async () => {
    const [pinned, other] = [await generateKeyPair(), await generateKeyPair()];
    const jws = await signClassifier(descriptor, other.privateJwk);
    expect(await checkDescriptor(jws, [pinned.publicJwk])).toBe('SIGNATURE_INVALID');
  });

  it('refuses a descriptor that was changed after it was signed', async () => {
    const { privateJwk, publicJwk } = await generateKeyPair();
    const [header, , signature] = (await signClassifier(descriptor, privateJwk)).split('.');
    const changed = Buffer.from(JSON.stringify({ ...descriptor, seeds: 4 })).toString('base64url');
    expect(await checkDescriptor(`${header}.${changed}.${signature}`, [publicJwk])).toBe('SIGNATURE_INVALID');
  });
});

describe('checkWeights', () => {
  it('returns exactly the pinned bytes', async () => {
    expect(await checkWeights(inChunks(weights), descriptor)).toEqual(weights);
  });

  it.each([
    ['one changed bit', () => weights.with(4_000, weights[4_000]! ^ 1)],
    ['a byte less', () => weights.subarray(1)],
    ['a byte more', () => new Uint8Array([...weights, 0])],
    ['nothing', () => new Uint8Array()],
  ])('refuses %s', async (_, change) => {
    expect(await checkWeights(inChunks(change()), descriptor)).toBe('WEIGHTS_HASH_MISMATCH');
  });

  it('reads no further than the size that was signed', async () => {
    let yielded = 0;
    async function* endless() {
      for (;;) yield new Uint8Array(1_024).fill(yielded++);
    }
    expect(await checkWeights(endless(), descriptor)).toBe('WEIGHTS_HASH_MISMATCH');
    expect(yielded).toBeLessThan(7);
  });
});

describe('isWithinQuota', () => {
  const commitment = 'c';
  const answers = ['a', 'b'].map((taskId) => ({ taskId, holdOutCommitment: commitment, at: '' }));

  it('allows as many tasks on a hold-out as the policy says, and repeating one of them', () => {
    expect(isWithinQuota(answers, { taskId: 'x', commitment, max: 3 })).toBe(true);
    expect(isWithinQuota(answers, { taskId: 'x', commitment, max: 2 })).toBe(false);
    expect(isWithinQuota(answers, { taskId: 'a', commitment, max: 2 })).toBe(true);
  });

  it('counts each hold-out for itself', () => {
    expect(isWithinQuota(answers, { taskId: 'x', commitment: 'another', max: 1 })).toBe(true);
  });
});
