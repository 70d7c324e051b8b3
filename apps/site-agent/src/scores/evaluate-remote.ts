import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ClassifierDescriptor,
  type ClassifierTraining,
  describeTraining,
  type ScoreReport,
  type SiteTask,
  trainingOf,
} from '@synspine/protocol';
import type { AgentDeps } from '../agent/agent.ts';
import { appendLine, readJson, readLines, writeDurably, writeJson } from '../durable-file.ts';
import { openHoldOut } from '../films/hold-out.ts';
import { readPolicy, type SitePolicy } from '../policy.ts';
import type { Registry } from '../registry/open-registry.ts';
import { retry } from '../registry/retry.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { errorCode } from '../site-error.ts';
import { readResult } from '../stages/stage-result.ts';
import { environmentFor } from '../worker/environment.ts';
import type { ScoreTask } from '../worker/messages.ts';
import { runWorker, WorkerError } from '../worker/run-worker.ts';
import { readBenchmarkKeys } from './benchmark-keys.ts';
import {
  type Answer,
  checkDescriptor,
  checkWeights,
  isWithinQuota,
  type TaskRefusal,
} from './check-classifier.ts';
import { keepOutsideJudge } from './outside-judge.ts';
import { REPORT_FILE, WEIGHTS_FILE } from './score-files.ts';

const TRIES = 5;

export type ScoringDeps = AgentDeps & { registry: Registry; signal: AbortSignal };
type Scoring = ScoringDeps & { run: RunFolder; policy: SitePolicy; commitment: string };

/**
 * Answers the registry's open tasks: runs each classifier on this site's sealed hold-out and returns counts. For
 * comparison it also scores classifiers of the site's own real films, trained as the tasks' ones. Resolves to the number of
 * answers, or null when no hold-out is sealed yet.
 */
export async function evaluateRemote(
  deps: ScoringDeps,
  { waitSeconds }: { waitSeconds: number },
): Promise<number | null> {
  const { home, config, registry, signal, log } = deps;
  const run = await findScoredRun(deps);
  if (!run) {
    log.warn('no hold-out is sealed yet');
    return null;
  }
  const { commitment } = await openHoldOut(run);
  const scoring: Scoring = { ...deps, run, policy: await readPolicy(home, config), commitment };
  const poll = () => registry.client.call('pollTasks', { query: { wait: waitSeconds } }, { signal });
  const { tasks } = await retry(poll, { tries: TRIES, signal });
  const answers = tasks.map((task) => ({ id: task.id, work: () => answerTask(scoring, task) }));
  const compared = await trainingsOf(scoring, tasks);
  const comparisons = compared.map((training) => ({
    id: 'local',
    work: () => sendRealScore(scoring, training),
  }));
  await answerEach([...comparisons, ...answers], ({ work }) => work(), { signal, log });
  return tasks.length;
}

/** Answers every task before it throws the first fault: one that can't be answered now must not hold up those behind it. */
export async function answerEach<T extends Pick<SiteTask, 'id'>>(
  tasks: readonly T[],
  answer: (task: T) => Promise<void>,
  { signal, log }: Pick<ScoringDeps, 'signal' | 'log'>,
): Promise<void> {
  const faults: unknown[] = [];
  for (const task of tasks) {
    try {
      await answer(task);
    } catch (error) {
      signal.throwIfAborted();
      log.error('task was not answered', { taskId: task.id, code: errorCode(error) });
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

/** The run whose hold-out the registry knows: the newest published one, else the newest with a sealed hold-out. */
async function findScoredRun({ home }: ScoringDeps): Promise<RunFolder | undefined> {
  const runs = await listRuns(home);
  for (const stage of ['upload', 'preprocess'] as const) {
    for (const run of runs) if (await readResult(run, stage)) return run;
  }
  return undefined;
}

/** How the classifiers of these tasks were trained, each way once. What isn't the benchmark's word counts for nothing. */
async function trainingsOf(
  { home, registry }: Scoring,
  tasks: readonly SiteTask[],
): Promise<ClassifierTraining[]> {
  const trainings = new Map<string, ClassifierTraining>();
  for (const task of tasks) {
    const keys = await readBenchmarkKeys(home, registry.client, task.benchmarkId);
    const descriptor = await checkDescriptor(task.classifier, keys);
    if (typeof descriptor === 'string') continue; // refused when its turn comes
    const training = trainingOf(descriptor);
    trainings.set(describeTraining(training), training);
  }
  return [...trainings.values()];
}

/** What this agent can't train: then nothing of its own stands beside the benchmark's results. */
const NOT_COMPARED: readonly string[] = [
  'UNKNOWN_RECIPE',
  'NO_PRETRAINED',
  'POLICY_FORBIDS',
  'SIZE_UNSUPPORTED',
];

/** Real films of this site to real films of this site: what a perfect synthetic set could reach here. Sent once. */
async function sendRealScore(scoring: Scoring, training: ClassifierTraining): Promise<void> {
  const { home, registry, commitment, policy, signal, log } = scoring;
  const name = createHash('sha256').update(describeTraining(training)).digest('hex');
  const folder = join(home.folders.scores, `local-${commitment.slice(0, 16)}-${name.slice(0, 16)}`);
  const sent = join(folder, 'sent.json');
  if (await readJson(sent)) return;
  if (training.steps * training.seeds.length > policy.realTrainingStepsMax)
    return log.warn('own films were not trained for comparison', { code: 'POLICY_FORBIDS' });
  try {
    const report = await score(scoring, folder, { kind: 'local', training });
    await retry(() => registry.client.call('putLocalScore', { body: report }, { signal }), {
      tries: TRIES,
      signal,
    });
    await writeJson(sent, { at: new Date().toISOString() });
    log.info('local score was sent', { runId: scoring.run.runId });
  } catch (error) {
    if (!NOT_COMPARED.includes(errorCode(error))) throw error;
    log.warn('own films were not trained for comparison', { code: errorCode(error) });
  }
}

async function answerTask(scoring: Scoring, task: SiteTask): Promise<void> {
  const { registry, signal, log } = scoring;
  const params = { taskId: task.id };
  const checked = await checkTask(scoring, task);
  const report = typeof checked === 'string' ? checked : await scoreTask(scoring, task, checked);
  if (typeof report === 'string') {
    const refuse = () => registry.client.call('refuseTask', { params, body: { code: report } }, { signal });
    await retry(refuse, { tries: TRIES, signal });
    return log.warn('task was refused', { taskId: task.id, code: report });
  }
  await retry(() => registry.client.call('completeTask', { params, body: report }, { signal }), {
    tries: TRIES,
    signal,
  });
  log.info('task was answered', { taskId: task.id });
}

type CheckedTask = { descriptor: ClassifierDescriptor; weights: Uint8Array };

/** Everything that is checked before foreign weights come near a patient's film. */
async function checkTask(scoring: Scoring, task: SiteTask): Promise<CheckedTask | TaskRefusal> {
  const { home, registry, policy, commitment, signal } = scoring;
  const keys = await readBenchmarkKeys(home, registry.client, task.benchmarkId);
  const descriptor = await checkDescriptor(task.classifier, keys);
  if (typeof descriptor === 'string') return descriptor;
  const answers = await readLines<Answer>(answersPath(scoring));
  if (!isWithinQuota(answers, { taskId: task.id, commitment, max: policy.remoteScoresMax }))
    return 'QUOTA_EXHAUSTED';
  const fetchWeights = () =>
    registry.client.call('getTaskWeights', { params: { taskId: task.id } }, { signal });
  const { body } = await retry(fetchWeights, { tries: TRIES, signal });
  const weights = await checkWeights(body ?? new ReadableStream(), descriptor);
  return typeof weights === 'string' ? weights : { descriptor, weights };
}

async function scoreTask(
  scoring: Scoring,
  task: SiteTask,
  checked: CheckedTask,
): Promise<ScoreReport | string> {
  const { descriptor, weights } = checked;
  const folder = join(scoring.home.folders.scores, task.id);
  const { architecture, imageSize, seeds, generators = 1, trainedOn } = descriptor;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeDurably(join(folder, WEIGHTS_FILE), weights);
  try {
    const report = await score(scoring, folder, {
      kind: 'remote',
      architecture,
      imageSize,
      seeds,
      generators,
      trainedOn,
    });
    const answer: Answer = {
      taskId: task.id,
      holdOutCommitment: scoring.commitment,
      at: new Date().toISOString(),
    };
    await appendLine(answersPath(scoring), answer);
    await keepOutsideJudge(scoring.home, scoring.registry.enrolment.siteId, checked);
    return report;
  } catch (error) {
    if (error instanceof WorkerError && !scoring.signal.aborted) return errorCode(error).toUpperCase();
    throw error;
  }
}

async function score(scoring: Scoring, folder: string, task: ScoreTask): Promise<ScoreReport> {
  const { home, run, config, isolation, signal, policy, registry } = scoring;
  const { threads, usesReferencePolicy } = config;
  const minPerClass = policy.resultMinPerClass;
  const { siteId } = registry.enrolment;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const request = {
    kind: 'score',
    homePath: home.path,
    runId: run.runId,
    folder,
    task,
    siteId,
    minPerClass,
  } as const;
  const options = {
    isolation,
    signal,
    logFile: run.files.workerLog,
    environment: environmentFor(config, run.options),
  };
  await runWorker({ ...request, threads, usesReferencePolicy }, options);
  const report = await readJson<ScoreReport>(join(folder, REPORT_FILE));
  if (!report) throw new WorkerError('CHILD_ENDED', []);
  return report;
}

function answersPath({ home }: ScoringDeps): string {
  return join(home.folders.scores, 'answers.jsonl');
}
