import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { type CatalogueFilm, openCatalogue } from '../films/catalogue.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { readPolicy } from '../policy.ts';
import { createRun, listRuns, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readState } from '../runs/run-state.ts';
import { errorCode } from '../site-error.ts';
import { readRunFilms } from '../stages/ingest/run.ts';
import { readResult } from '../stages/stage-result.ts';
import { chooseOptions } from './choose-options.ts';
import { type Wait, waitOf } from './schedule.ts';
import { DEFAULT_TRAINING, readTraining } from './settings.ts';
import { proposeForHome } from './survey.ts';

export type ScheduleDeps = { home: Home; config: Config; log: Log };
type Look = { films: number; newFilms: number } & ({ waitsFor: Wait } | { waitsFor: null; run: RunFolder });

/** Starts a run whenever training.json says that one is due, until stopped. What goes wrong is logged, and looked at again. */
export async function keepSchedule(
  deps: ScheduleDeps,
  signal: AbortSignal,
  clock = () => new Date(),
): Promise<void> {
  const { log, config } = deps;
  let filmsBefore: number | null = null;
  let told: string | undefined; // each wait or trouble once, not at every look
  while (!signal.aborted) {
    try {
      const look = await startDueRun(deps, clock(), filmsBefore);
      filmsBefore = look.films;
      if (look.waitsFor === null)
        log.info('run was started by the schedule', { runId: look.run.runId, count: look.newFilms });
      else if (look.waitsFor !== told)
        log.info('next run waits', { code: look.waitsFor, count: look.newFilms });
      told = look.waitsFor ?? undefined;
    } catch (error) {
      const code = errorCode(error);
      if (code !== told) log.error('no run could be started', { code });
      told = code;
    }
    await sleep(config.scheduleMs, undefined, { signal }).catch(() => undefined); // woken by the signal
  }
}

/**
 * One look: makes a run when it is due, which the agent of this home then finds. `filmsBefore`: how many films the look before saw.
 * Throws what stands in a run's way, such as POLICY_MISSING.
 */
export async function startDueRun(
  { home, config }: Omit<ScheduleDeps, 'log'>,
  now: Date,
  filmsBefore: number | null,
): Promise<Look> {
  const settings = (await readTraining(home)) ?? DEFAULT_TRAINING;
  const runs = await listRuns(home);
  const films = (await openCatalogue(home)).films();
  const newFilms = await countNewFilms(films, runs[0]);
  const situation = {
    now,
    newFilms,
    isArriving: films.length !== filmsBefore,
    isRunning: await isAnyRunning(runs),
    newestRunAt: runs[0] ? new Date(runs[0].createdAt) : null,
  };
  const waitsFor = waitOf(settings.schedule, situation);
  if (waitsFor !== null) return { waitsFor, newFilms, films: films.length };
  await readPolicy(home, config); // before hours of training, not after
  const labels = settings.labels ?? DEFAULT_RUN_OPTIONS.labels;
  const propose = () => proposeForHome(home, labels, { config, gpu: settings.gpu });
  const { options, origins } = await chooseOptions(settings, {}, propose);
  const run = await createRun(home, options, { origins, films: films.length });
  return { waitsFor, newFilms, films: films.length, run };
}

/** Films that the newest run was not made from. Where it ended before it said so, those beyond as many as there were. */
async function countNewFilms(
  films: readonly CatalogueFilm[],
  newest: RunFolder | undefined,
): Promise<number> {
  if (!newest) return films.length;
  if (!(await readResult(newest, 'ingest'))) return Math.max(0, films.length - (newest.notes.films ?? 0));
  const known = new Set((await readRunFilms(newest)).map(({ pixelSha256 }) => pixelSha256));
  return films.filter(({ pixelSha256 }) => !known.has(pixelSha256)).length;
}

async function isAnyRunning(runs: readonly RunFolder[]): Promise<boolean> {
  const states = await Promise.all(runs.map((run) => readState(run)));
  return states.some(({ status }) => status === 'running');
}
