import {
  type BenchmarkCell,
  benchmarkCell,
  routes,
  type ScoreReport,
  type SiteTask,
} from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { presentSound } from '../http/present-sound.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { markWithdrawn } from '../withdrawals/mark-withdrawn.ts';
import { announceClassifier, receiveWeights } from './classifiers.ts';
import { completeTask, findTaskWeights, isLocal, pollTasks, putLocalScore, refuseTask } from './tasks.ts';

type BenchmarkRoutes =
  | 'createClassifier'
  | 'putClassifierWeights'
  | 'listScores'
  | 'putResults'
  | 'getResults';
type TaskRoutes = 'pollTasks' | 'getTaskWeights' | 'completeTask' | 'refuseTask' | 'putLocalScore';

export function benchmarkHandlers(deps: Deps): SomeHandlers<BenchmarkRoutes> {
  return {
    async createClassifier({ body, headers, caller }) {
      const key = headers['idempotency-key'];
      const { id, readyAt } = await announceClassifier(deps, caller.id, body.classifier, key);
      return { id, status: readyAt ? 'ready' : 'announced' };
    },
    putClassifierWeights: ({ params, headers, body, caller }) =>
      receiveWeights(deps, caller.id, {
        classifierId: params.classifierId,
        digest: headers['content-digest'],
        bytes: body,
      }),
    listScores: () => listScores(deps),
    putResults: ({ body, caller }) => putResults(deps, caller.id, body.cells),
    async getResults() {
      const newest = await deps.prisma.benchmarkResult.findFirst({ orderBy: { sequence: 'desc' } });
      if (!newest) return { cells: [], updatedAt: null };
      const cells = presentSound(newest.cells as BenchmarkCell[], {
        ...{ log: deps.log, table: 'benchmark_result', schema: benchmarkCell, present: (cell) => cell },
        idOf: () => newest.sequence,
      });
      return { cells: await markWithdrawn(deps.prisma, cells), updatedAt: newest.createdAt.toISOString() };
    },
  };
}

export function taskHandlers(deps: Deps): SomeHandlers<TaskRoutes> {
  return {
    async pollTasks({ query, caller, signal }) {
      const schema = routes.pollTasks.response.shape.tasks.element;
      const presentation = { log: deps.log, table: 'task', schema, idOf: ({ id }: SiteTask) => id };
      const tasks = await pollTasks(deps, caller.id, query.wait, signal);
      return { tasks: presentSound(tasks, { ...presentation, present: (task) => task }) };
    },
    getTaskWeights: ({ params, caller }) => findTaskWeights(deps, caller.id, params.taskId),
    completeTask: ({ params, body, caller }) => completeTask(deps, caller.id, params.taskId, body),
    refuseTask: ({ params, body, caller }) => refuseTask(deps, caller.id, params.taskId, body.code),
    putLocalScore: ({ body, caller }) => putLocalScore(deps, caller.id, body),
  };
}

async function listScores({ prisma, log }: Deps) {
  const sites = await prisma.site.findMany({ where: { kind: 'site', enrolledAt: { not: null } } });
  const scores = await prisma.score.findMany({ orderBy: [{ siteId: 'asc' }, { subject: 'asc' }] });
  const refusals = await prisma.task.findMany({
    where: { status: 'refused' },
    orderBy: [{ siteId: 'asc' }, { classifierId: 'asc' }],
  });
  return {
    sites: sites.map((site) => site.id).sort(),
    refused: refusals.map(({ siteId, classifierId, refusalCode: code }) => ({ siteId, classifierId, code })),
    scores: presentSound(scores, {
      ...{ log, table: 'score', schema: routes.listScores.response.shape.scores.element },
      idOf: ({ siteId, subject }) => `${siteId}/${subject}`,
      present: ({ siteId, subject, report }) => ({
        siteId,
        classifierId: isLocal(subject) ? null : subject,
        report: report as ScoreReport,
      }),
    }),
  };
}

async function putResults({ prisma, clock }: Deps, actor: string, cells: BenchmarkCell[]): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    const data = { cells, createdBy: actor, createdAt: now };
    const { sequence } = await tx.benchmarkResult.create({ data });
    const subject = `benchmark-result/${sequence}`;
    await appendAudit(tx, { at: now, actor, action: 'benchmark.publish', subject });
  });
}
