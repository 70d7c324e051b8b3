import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describeTraining, ProblemError, type ScoreReport, type SiteTask } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import { readStoredManifest } from '../datasets/present-dataset.ts';
import type { Deps } from '../deps.ts';
import type { FileAnswer } from '../http/route-types.ts';
import { lockSite } from '../sites/enrolment.ts';
import { checkScore } from './check-score.ts';
import { readDescriptor } from './classifiers.ts';

const LOOK_AGAIN_MS = 500; // one indexed query a waiting site; asking the database lets any number of servers run
const TASKS_MAX = 32;
/** The subject of a site's own real→real result; of one that says how it was trained, with a name of that behind it. */
const LOCAL = 'local';
const LOCAL_SCORES_MAX = 16;
export const isLocal = (subject: string) => subject.startsWith(LOCAL); // any other subject is a UUID

/** Open tasks of a site, oldest first; waits up to `waitSeconds` for the first one. */
export async function pollTasks(
  { prisma }: Pick<Deps, 'prisma'>,
  siteId: string,
  waitSeconds: number,
  signal: AbortSignal,
): Promise<SiteTask[]> {
  const deadline = performance.now() + waitSeconds * 1000;
  for (;;) {
    const tasks = await findOpenTasks(prisma, siteId);
    const leftMs = deadline - performance.now();
    if (tasks.length > 0 || leftMs <= 0 || signal.aborted) return tasks;
    await sleep(Math.min(LOOK_AGAIN_MS, leftMs), undefined, { signal }).catch(() => undefined); // aborted: answer now
  }
}

async function findOpenTasks(db: Queries, siteId: string): Promise<SiteTask[]> {
  const tasks = await db.task.findMany({
    where: { siteId, status: 'open' },
    orderBy: { createdAt: 'asc' },
    include: { classifier: { select: { descriptor: true, createdBy: true } } },
    take: TASKS_MAX,
  });
  return tasks.map(({ id, classifier, createdAt }) => ({
    id,
    classifier: classifier.descriptor,
    benchmarkId: classifier.createdBy,
    createdAt: createdAt.toISOString(),
  }));
}

/** A task of this very site with its classifier. Throws NOT_FOUND, also for another site's. */
async function findOwnTask(db: Queries, siteId: string, id: string) {
  const task = await db.task.findFirst({ where: { id, siteId }, include: { classifier: true } });
  if (!task) throw new ProblemError('NOT_FOUND');
  return task;
}

export async function findTaskWeights(
  { prisma, store }: Pick<Deps, 'prisma' | 'store'>,
  siteId: string,
  taskId: string,
): Promise<FileAnswer> {
  const { classifier } = await findOwnTask(prisma, siteId, taskId);
  return {
    size: classifier.weightsSize,
    sha256: classifier.weightsSha256,
    contentType: 'application/octet-stream',
    name: `${classifier.id}.safetensors`,
    open: async (range) => (await store.get(classifier.objectKey, range)).stream,
  };
}

/**
 * Takes a site's answer, once; the same answer again is harmless. Throws NOT_FOUND, or RESULT_INVALID when the counts
 * don't fit or the task was closed with another answer.
 */
export async function completeTask(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  siteId: string,
  taskId: string,
  report: ScoreReport,
): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    await lockSite(tx, siteId);
    const task = await findOwnTask(tx, siteId, taskId);
    const where = { siteId_subject: { siteId, subject: task.classifierId } };
    if (task.status !== 'open') {
      const known = await tx.score.findUnique({ where });
      if (known && isDeepStrictEqual(known.report, report)) return;
      throw new ProblemError('RESULT_INVALID', 'the task has been closed with another answer');
    }
    if (report.training) throw new ProblemError('RESULT_INVALID', 'training is that of the descriptor');
    const { trainedOn, seeds } = readDescriptor(task.classifier.descriptor);
    checkScore(report, { trainedOn, seeds, release: await newestManifest(tx, siteId) });
    const score = { siteId, subject: task.classifierId, report, createdAt: now };
    await tx.score.create({ data: score });
    await tx.task.update({ where: { id: taskId }, data: { status: 'done', closedAt: now } });
    await appendAudit(tx, { at: now, actor: siteId, action: 'task.done', subject: taskId });
  });
}

/** Closes a task without a result, by the site's own policy. A closed one stays as it is. */
export async function refuseTask(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  siteId: string,
  taskId: string,
  code: string,
): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    await lockSite(tx, siteId); // an answer that is being written comes first
    await findOwnTask(tx, siteId, taskId);
    const { count } = await tx.task.updateMany({
      where: { id: taskId, status: 'open' },
      data: { status: 'refused', refusalCode: code, closedAt: now },
    });
    if (count === 1)
      await appendAudit(tx, { at: now, actor: siteId, action: 'task.refuse', subject: taskId });
  });
}

/** Keeps a site's own real→real result, in place of an earlier one that was trained alike. Throws RESULT_INVALID. */
export async function putLocalScore(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  siteId: string,
  report: ScoreReport,
): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    await lockSite(tx, siteId);
    const release = await newestManifest(tx, siteId);
    checkScore(report, { trainedOn: `real:${siteId}`, seeds: report.training?.seeds.length, release });
    const subject = localSubject(report);
    const where = { siteId_subject: { siteId, subject } };
    const data = { report, createdAt: now };
    await tx.score.upsert({ where, create: { siteId, subject, ...data }, update: data });
    await dropOldLocalScores(tx, siteId);
    await appendAudit(tx, { at: now, actor: siteId, action: 'score.local', subject: siteId });
  });
}

function localSubject({ training }: ScoreReport): string {
  if (!training) return LOCAL;
  return `${LOCAL}:${createHash('sha256').update(describeTraining(training)).digest('hex').slice(0, 32)}`;
}

/** A site may have trained in many ways over the years; the newest ones are enough to stand beside classifiers. */
async function dropOldLocalScores(tx: Queries, siteId: string): Promise<void> {
  const own = { siteId, subject: { startsWith: LOCAL } };
  const old = await tx.score.findMany({
    where: own,
    orderBy: [{ createdAt: 'desc' }, { subject: 'asc' }],
    skip: LOCAL_SCORES_MAX,
  });
  await tx.score.deleteMany({ where: { siteId, subject: { in: old.map(({ subject }) => subject) } } });
}

/** Of the newest release that came whole, whatever became of it: its signed hold-out was fixed before training. */
async function newestManifest(tx: Queries, siteId: string) {
  const where = { siteId, status: { not: 'uploading' } };
  const release = await tx.release.findFirst({ where, orderBy: { version: 'desc' } });
  return release ? readStoredManifest(release.manifest) : undefined;
}
