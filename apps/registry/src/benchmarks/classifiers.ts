import { createHash, randomUUID } from 'node:crypto';
import { type ClassifierDescriptor, ProblemError, type PublicJwk, siteLeftOut } from '@synspine/protocol';
import { verifyClassifier } from '@synspine/release';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Classifier } from '../generated/client.ts';
import { checkDigest } from '../http/content-digest.ts';
import { claimIdempotencyKey } from '../releases/idempotency.ts';

/**
 * Takes a classifier's signed descriptor. The same descriptor again is answered alike. Throws SIGNATURE_INVALID,
 * VALIDATION_FAILED (also for a release that is not published) or IDEMPOTENCY_CONFLICT.
 */
export async function announceClassifier(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  createdBy: string,
  descriptor: string,
  idempotencyKey: string,
): Promise<Classifier> {
  const { signingKey } = await prisma.site.findUniqueOrThrow({ where: { id: createdBy } });
  if (!signingKey) throw new ProblemError('SITE_REVOKED'); // since the caller was let in
  const { descriptor: read } = await verifyClassifier(descriptor, signingKey as PublicJwk);
  const now = clock();
  return inTransaction(prisma, async (tx) => {
    await claimIdempotencyKey(tx, { siteId: createdBy, key: idempotencyKey, request: descriptor, now });
    await requirePublished(tx, read);
    const { id, weightsSha256, weightsSize } = read;
    const row = { id, weightsSha256, weightsSize, createdBy, descriptor, createdAt: now };
    await tx.classifier.createMany({
      data: { ...row, objectKey: `classifiers/${id}` },
      skipDuplicates: true,
    });
    const stored = await tx.classifier.findUniqueOrThrow({ where: { id } });
    if (stored.descriptor !== descriptor || stored.createdBy !== createdBy)
      throw new ProblemError('IDEMPOTENCY_CONFLICT', 'this id names another classifier');
    return stored;
  });
}

async function requirePublished(tx: Queries, { releases }: ClassifierDescriptor): Promise<void> {
  for (const { siteId, version, manifestSha256 } of releases) {
    const found = await tx.release.count({ where: { siteId, version, manifestSha256, status: 'published' } });
    if (found === 0)
      throw new ProblemError(
        'VALIDATION_FAILED',
        `releases: ${siteId} version ${version} is not published so`,
      );
  }
}

/**
 * Stores the weights and makes the classifier a task at every enrolled hospital, once; one that leaves a hospital out, at
 * that one alone, since each answer tells a little about a hold-out. Throws NOT_FOUND,
 * PART_DIGEST_MISMATCH or FILE_HASH_MISMATCH.
 */
export async function receiveWeights(
  { prisma, store, clock }: Pick<Deps, 'prisma' | 'store' | 'clock'>,
  createdBy: string,
  sent: { classifierId: string; digest: string; bytes: Buffer },
): Promise<void> {
  const { classifierId: id, bytes } = sent;
  const classifier = await prisma.classifier.findFirst({ where: { id, createdBy } });
  if (!classifier) throw new ProblemError('NOT_FOUND');
  checkDigest(bytes, sent.digest);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length !== classifier.weightsSize || sha256 !== classifier.weightsSha256)
    throw new ProblemError('FILE_HASH_MISMATCH', 'the weights are not those of the descriptor');
  if (classifier.readyAt) return;
  await storeOnce(store, classifier.objectKey, bytes, sha256);
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    const where = { id, readyAt: null };
    const { count } = await tx.classifier.updateMany({ where, data: { readyAt: now } });
    if (count === 1) await makeTasks(tx, classifier, createdBy, now);
  });
}

/** The key names one classifier and the store keeps whole objects only, so one that is there already is this one. */
async function storeOnce(store: Deps['store'], key: string, bytes: Buffer, sha256: string): Promise<void> {
  await store.put(key, bytes, { sha256 }).catch((error: { code?: unknown }) => {
    if (error.code !== 'KEY_EXISTS') throw error;
  });
}

async function makeTasks(
  tx: Queries,
  { id: classifierId, descriptor }: Pick<Classifier, 'id' | 'descriptor'>,
  actor: string,
  now: Date,
): Promise<void> {
  const leftOut = siteLeftOut(readDescriptor(descriptor).trainedOn);
  const asked = leftOut === undefined ? {} : { id: leftOut };
  const sites = await tx.site.findMany({ where: { kind: 'site', enrolledAt: { not: null }, ...asked } });
  const open = { classifierId, status: 'open', createdAt: now };
  await tx.task.createMany({ data: sites.map((site) => ({ ...open, id: randomUUID(), siteId: site.id })) });
  await appendAudit(tx, { at: now, actor, action: 'classifier.ready', subject: classifierId });
}

/** The payload of a descriptor that was verified when it was announced. */
export function readDescriptor(jws: string): ClassifierDescriptor {
  return JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as ClassifierDescriptor;
}
