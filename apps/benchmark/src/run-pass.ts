import { setTimeout as sleep } from 'node:timers/promises';
import { type Dataset, siteLeftOut } from '@synspine/protocol';
import { errorCode } from './benchmark-error.ts';
import { type Verified, type VerifyDeps, verifyWaiting } from './contents/verify-releases.ts';
import { fetchRelease, type VerifiedRelease } from './releases/fetch-release.ts';
import { mergeScores } from './scores/merge-scores.ts';
import { sideBySide } from './side-by-side.ts';
import { listClassifiers, recordClassifiers } from './training/classifier-list.ts';
import { chooseReleases, planTargets, type Target } from './training/plan-targets.ts';
import { publishClassifier } from './training/publish-classifier.ts';
import type { Training } from './training/training-setting.ts';

export type PassDeps = VerifyDeps & { training: Training; device: 'cpu' | 'gpu' };

/** What a pass came to; `open` is how many answers of sites to the newest classifiers are still missing. */
export type PassOutcome = {
  verified: Verified;
  releases: number;
  refused: number;
  classifiers: number;
  cells: number;
  open: number;
};

/**
 * One look at the registry: look into the releases that wait to be visible, fetch and verify every site's newest data set, train and publish what hasn't been, merge
 * the scores that the sites have returned. Each step is a no-op where its result exists.
 */
async function runPass(deps: PassDeps): Promise<PassOutcome> {
  const verified = await verifyWaiting(deps);
  const { releases, refused } = await fetchLatest(deps);
  const targets = planTargets(releases, deps.session.signingKey.x, deps.training);
  const published = await publishAll(deps, targets);
  await recordClassifiers(deps.home, published);
  const merged = await publishMatrix(deps, published);
  return { verified, releases: releases.length, refused, classifiers: published.length, ...merged };
}

/** Those that could be trained and published. */
async function publishAll(deps: PassDeps, targets: readonly Target[]): Promise<Target[]> {
  const { atOnce, threads } = shareThreads(deps);
  const areDone = await sideBySide(targets, atOnce, deps.signal, (target, signal) =>
    attempt({ ...deps, signal }, { trainedOn: target.trainedOn }, () =>
      publishClassifier({ ...deps, threads, signal }, target),
    ),
  );
  return targets.filter((_, at) => areDone[at]);
}

const TRAININGS_MAX = 8; // at once: each holds some 700 MB

/** A small network gains nothing from a second thread; a large one uses all of them, and a card takes one training at a time. */
function shareThreads({ threads, training, device }: PassDeps): { atOnce: number; threads: number } {
  const isSmall = training.architecture === 'small-cnn' && device === 'cpu';
  return isSmall ? { atOnce: Math.min(threads, TRAININGS_MAX), threads: 1 } : { atOnce: 1, threads };
}

async function fetchLatest(deps: PassDeps): Promise<{ releases: VerifiedRelease[]; refused: number }> {
  const { client } = deps.session;
  const { signal } = deps;
  const { datasets } = await client.call('listDatasets', { query: { latest: 'true' } }, { signal });
  const sites = [...new Set(datasets.map((dataset) => dataset.siteId))];
  const releases: VerifiedRelease[] = [];
  let refused = 0;
  for (const dataset of await chooseDatasets(deps, sites)) {
    const about = { siteId: dataset.siteId, version: dataset.version };
    const fetched = await attempt(deps, about, async () => {
      releases.push(await fetchRelease({ ...deps, client }, dataset));
    });
    if (!fetched) refused += 1;
  }
  return { releases, refused };
}

/** Each site's data sets that train together. */
async function chooseDatasets({ session, signal }: PassDeps, sites: readonly string[]): Promise<Dataset[]> {
  const chosen: Dataset[] = [];
  for (const site of sites) {
    const { datasets } = await session.client.call('listDatasets', { query: { site } }, { signal });
    chosen.push(...chooseReleases(datasets));
  }
  return chosen;
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
  current: readonly Target[],
): Promise<{ cells: number; open: number }> {
  const { client } = deps.session;
  const { sites, scores, refused = [] } = await client.call('listScores', {}, { signal: deps.signal });
  const cells = mergeScores(scores, await listClassifiers(deps.home));
  await client.call('putResults', { body: { cells } }, { signal: deps.signal });
  deps.log.info('matrix was published', { count: cells.length });
  const closed = new Set(
    [...scores, ...refused].map(({ siteId, classifierId }) => `${siteId} ${classifierId}`),
  );
  const asked = current.flatMap(({ id, trainedOn }) =>
    sitesAsked(trainedOn, sites).map((site) => `${site} ${id}`),
  );
  return { cells: cells.length, open: asked.filter((task) => !closed.has(task)).length };
}

/** A classifier without a site's images is a task at that site alone: anywhere else the pool's says as much. */
function sitesAsked(trainedOn: string, sites: readonly string[]): readonly string[] {
  const leftOut = siteLeftOut(trainedOn);
  return leftOut === undefined ? sites : sites.filter((site) => site === leftOut);
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
