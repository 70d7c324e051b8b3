import { setTimeout as sleep } from 'node:timers/promises';
import type { Dataset } from '@synspine/protocol';
import { errorCode } from './benchmark-error.ts';
import type { Home } from './home.ts';
import type { Log } from './log.ts';
import type { Session } from './registry-session.ts';
import { fetchRelease, type VerifiedRelease } from './releases/fetch-release.ts';
import { mergeScores } from './scores/merge-scores.ts';
import { listClassifiers, recordClassifiers } from './training/classifier-list.ts';
import { planTargets, type Training } from './training/plan-targets.ts';
import { publishClassifier } from './training/publish-classifier.ts';

export type PassDeps = { home: Home; session: Session; log: Log; signal: AbortSignal; training: Training };

/** What a pass came to; `open` is how many answers of sites to the newest classifiers are still missing. */
export type PassOutcome = {
  releases: number;
  refused: number;
  classifiers: number;
  cells: number;
  open: number;
};

/**
 * One look at the registry: fetch and verify every site's newest data set, train and publish what hasn't been, merge
 * the scores that the sites have returned. Each step is a no-op where its result exists.
 */
async function runPass(deps: PassDeps): Promise<PassOutcome> {
  const { releases, refused } = await fetchLatest(deps);
  const targets = planTargets(releases, deps.session.signingKey.x, deps.training);
  const published: string[] = [];
  for (const target of targets) {
    const isDone = await attempt(deps, { trainedOn: target.trainedOn }, () =>
      publishClassifier(deps, target),
    );
    if (isDone) published.push(target.id);
  }
  await recordClassifiers(deps.home, published);
  const merged = await publishMatrix(deps, published);
  return { releases: releases.length, refused, classifiers: published.length, ...merged };
}

async function fetchLatest(deps: PassDeps): Promise<{ releases: VerifiedRelease[]; refused: number }> {
  const { client } = deps.session;
  const { datasets } = await client.call(
    'listDatasets',
    { query: { latest: 'true' } },
    { signal: deps.signal },
  );
  const releases: VerifiedRelease[] = [];
  let refused = 0;
  for (const dataset of newestOfEachSite(datasets)) {
    const about = { siteId: dataset.siteId, version: dataset.version };
    const fetched = await attempt(deps, about, async () => {
      releases.push(await fetchRelease({ ...deps, client }, dataset));
    });
    if (!fetched) refused += 1;
  }
  return { releases, refused };
}

function newestOfEachSite(datasets: readonly Dataset[]): Dataset[] {
  const newest = new Map<string, Dataset>();
  for (const dataset of datasets)
    if (dataset.version > (newest.get(dataset.siteId)?.version ?? 0)) newest.set(dataset.siteId, dataset);
  return [...newest.values()];
}

/** One site's bad release must not keep the others' from being used: it is logged with its code and left out. */
async function attempt(deps: PassDeps, about: object, run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (deps.signal.aborted || errorCode(error) === 'REGISTRY_UNREACHABLE') throw error;
    deps.log.error('step was refused', { ...about, code: errorCode(error) });
    return false;
  }
}

async function publishMatrix(
  deps: PassDeps,
  current: readonly string[],
): Promise<{ cells: number; open: number }> {
  const { client } = deps.session;
  const { sites, scores } = await client.call('listScores', {}, { signal: deps.signal });
  const cells = mergeScores(scores, await listClassifiers(deps.home));
  await client.call('putResults', { body: { cells } }, { signal: deps.signal });
  deps.log.info('matrix was published', { count: cells.length });
  const answered = scores.filter((score) => current.includes(score.classifierId ?? '')).length;
  return { cells: cells.length, open: sites.length * current.length - answered };
}

export type RunOptions = { once: boolean; waitMs: number; pollMs: number };

/**
 * Passes until told to stop; with `once`, one pass, and then only as many as it takes for every site to answer within
 * `waitMs`. A registry that doesn't answer is tried again at the next look, unless `once` is set.
 */
export async function runPasses(
  deps: PassDeps,
  { once, waitMs, pollMs }: RunOptions,
): Promise<PassOutcome | null> {
  const started = performance.now();
  let outcome: PassOutcome | null = null;
  while (!deps.signal.aborted) {
    try {
      outcome = await runPass(deps);
    } catch (error) {
      if (deps.signal.aborted) break;
      if (once) throw error;
      deps.log.error('pass failed', { code: errorCode(error) });
    }
    const leftMs = once ? waitMs - (performance.now() - started) : Number.POSITIVE_INFINITY;
    if (once && (outcome?.open === 0 || leftMs <= 0)) return outcome;
    await sleep(Math.min(pollMs, leftMs), undefined, { signal: deps.signal }).catch(() => undefined);
  }
  return outcome;
}
