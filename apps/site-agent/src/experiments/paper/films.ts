import { join } from 'node:path';
import { type FilmSet, joinFilms } from '../../films/film-set.ts';
import { openHoldOut } from '../../films/hold-out.ts';
import { ingestSource } from '../../films/ingest-source.ts';
import type { Source } from '../../films/source.ts';
import { openTrainingFilms, type TrainingFilms } from '../../films/training-films.ts';
import { type Home, openHome } from '../../home.ts';
import { claimRun } from '../../runs/claim.ts';
import { createRun, listRuns, type RunFolder } from '../../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { SiteError } from '../../site-error.ts';
import { executeStage } from '../../stages/execute-stage.ts';
import { ingestJob } from '../../stages/ingest/job.ts';
import { preprocessJob } from '../../stages/preprocess/job.ts';
import { readResult } from '../../stages/stage-result.ts';
import type { ExperimentFolder } from './folder.ts';
import type { Dataset } from './plan.ts';

/** Films of a data set, split by patient. */
export type DatasetFilms = TrainingFilms & { holdOut: FilmSet };

export type PrepareOptions = {
  signal: AbortSignal;
  /** Takes VinDr-SpineXR's test films as the hold-out, where the source has them. */
  keepPublishedHoldOut: boolean;
  onProgress(done: number, total: number): void;
};

/**
 * Ingests one site's films into a home of the experiment's own and splits them by patient, with the pipeline's first
 * two stages. Done again, it changes nothing. Throws what those throw, and EXPERIMENT_NO_FILMS.
 */
export async function prepareSite(
  folder: ExperimentFolder,
  site: { name: string; source: Source },
  options: PrepareOptions,
): Promise<void> {
  const home = await openHome(join(folder.private.sites, site.name), { create: true });
  const run = await siteRun(home, folder);
  if ((await readResult(run, preprocessJob.name))?.kind === 'done') return;
  await ingestSource(home, { ...options, source: site.source, fit: folder.options.fit });
  const { epoch, guard } = await claimRun(run);
  const context = {
    home,
    run,
    epoch,
    guard,
    signal: options.signal,
    threads: 1,
    usesReferencePolicy: false,
  };
  for (const job of [ingestJob, preprocessJob]) {
    const result = await executeStage(job, context);
    if (result.kind === 'stopped') throw new SiteError('EXPERIMENT_NO_FILMS', result.code);
  }
}

async function siteRun(home: Home, { options: { preset, labels } }: ExperimentFolder): Promise<RunFolder> {
  const [made] = await listRuns(home);
  return made ?? createRun(home, { ...DEFAULT_RUN_OPTIONS, preset, labels });
}

/** The films of a data set, its sites one after the other. Throws RUN_FILE_DAMAGED, EXPERIMENT_CLASSES_DIFFER. */
export async function openDataset(folder: ExperimentFolder, { sites }: Dataset): Promise<DatasetFilms> {
  const each: DatasetFilms[] = [];
  for (const name of sites) {
    const run = await siteRun(await openHome(join(folder.private.sites, name)), folder);
    each.push({ ...(await openTrainingFilms(run)), holdOut: (await openHoldOut(run)).films });
  }
  const classes = new Set(each.map(({ train }) => train.classNames.join()));
  if (classes.size > 1) throw new SiteError('EXPERIMENT_CLASSES_DIFFER');
  const joined = (part: (films: DatasetFilms) => FilmSet) => each.map(part).reduce(joinFilms);
  return {
    train: joined(({ train }) => train),
    validation: joined(({ validation }) => validation),
    holdOut: joined(({ holdOut }) => holdOut),
  };
}
