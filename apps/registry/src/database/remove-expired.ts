import type { Deps } from '../deps.ts';

const DAY_MS = 86_400_000;
const IDEMPOTENCY_DAYS = 30; // no client repeats a request after so long
const UPLOAD_DAYS = 7; // a site that was cut off for longer announces its release again

/** Deletes what has no use any more: used token ids, access tokens, idempotency keys and abandoned uploads. */
export async function removeExpired({ prisma, store, clock }: Pick<Deps, 'prisma' | 'store' | 'clock'>) {
  const now = clock();
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  await prisma.usedTokenId.deleteMany({ where: { expiresAt: { lt: now } } });
  await prisma.accessToken.deleteMany({ where: { expiresAt: { lt: now } } });
  await prisma.idempotencyKey.deleteMany({ where: { createdAt: { lt: before(IDEMPOTENCY_DAYS) } } });
  const abandoned = { status: 'uploading', createdAt: { lt: before(UPLOAD_DAYS) } };
  for (const { id, files } of await prisma.release.findMany({ where: abandoned, include: { files: true } })) {
    const { count } = await prisma.release.deleteMany({ where: { id, ...abandoned } });
    if (count === 0) continue; // published just now
    for (const { uploadId, objectKey } of files) {
      if (uploadId) await store.abort(uploadId);
      await store.delete(objectKey);
    }
  }
}
