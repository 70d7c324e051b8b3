import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { createFilmReader } from '@synspine/dicom';
import type { Home } from '../home.ts';
import { AGENT_VERSION } from '../version.ts';
import type { KeptVerdict } from './decided-files.ts';
import {
  collectVerdicts,
  type IngestOptions,
  type IngestVerdict,
  ingestFilms,
  type SourceVerdict,
} from './ingest-folder.ts';
import { createLearningMemory, type LearningMemory } from './learning-memory.ts';
import { learnLook } from './look/learn-look.ts';
import { MASTER_SIZE } from './master-image.ts';
import { readSelection, type SiteSelection } from './selection-policy.ts';
import { learnViews } from './views/learn-views.ts';

/** Grows when films are read or judged otherwise, so that kept verdicts don't outlive that. */
const READING_VERSION = 3;
const PROCESSES_MAX = 4;
const FILM_TIMEOUT_MS = 30_000; // a large film takes a second or two; a busy machine several times that

export type IngestSourceOptions = Omit<
  IngestOptions,
  'readFilm' | 'concurrency' | 'views' | 'learnLook' | 'keptVerdicts'
> & {
  /** Keeps verdicts of a folder for the next ingest; `renew` reads all files whatever was decided. */
  verdicts?: 'keep' | 'renew';
  /** Of a process that ingests more than once. */
  memory?: LearningMemory;
};

/**
 * {@link ingestFilms} by the site's selection, with film readers of its own: untrusted files are opened in their
 * processes only. Throws SELECTION_INVALID.
 */
export async function* streamSource(home: Home, options: IngestSourceOptions): AsyncGenerator<SourceVerdict> {
  const { unlikeSpine, ...selection } = await readSelection(home);
  const memory = options.memory ?? createLearningMemory();
  const mustKnowView = !selection.views.includes('unknown');
  const classifyView = options.classifyView ?? (mustKnowView ? await learnViews(home, memory) : undefined);
  let learnt: Promise<boolean> | undefined; // asked once: the answer takes the whole catalogue
  const isLookLearnt = () => {
    learnt ??= learnLook(home, [], memory).then(({ isLearnt }) => isLearnt);
    return learnt;
  };
  const concurrency = Math.min(PROCESSES_MAX, availableParallelism());
  const reader = createFilmReader({
    processes: concurrency,
    timeoutMs: FILM_TIMEOUT_MS,
    image: { size: MASTER_SIZE, fit: options.fit },
    folders: [options.source.folder],
    ...selection,
    views: classifyView ? [...selection.views, 'unknown'] : selection.views, // the classifier will tell
  });
  try {
    yield* ingestFilms(home, {
      ...options,
      classifyView,
      readFilm: (path) => reader.read(path),
      views: selection.views,
      ...(options.verdicts && {
        keptVerdicts: {
          rules: await hashRules(options, { unlikeSpine, ...selection }),
          reread: options.verdicts === 'renew',
          isOutdated: async ({ code, look }: KeptVerdict) =>
            (code === 'VIEW_UNKNOWN' && classifyView !== undefined) ||
            (look === 'untold' && unlikeSpine === 'refuse' && (await isLookLearnt())),
        },
      }),
      ...(unlikeSpine === 'refuse' && { learnLook: (more) => learnLook(home, more, memory) }),
      concurrency,
    });
  } finally {
    await reader.close();
  }
}

/** All that decides on a file beside the file: another hash, and every file is read again. */
async function hashRules(
  { source, fit, keepPublishedHoldOut = false }: IngestSourceOptions,
  selection: SiteSelection,
): Promise<string> {
  const labels = await Promise.all(source.labelFiles.map((path) => readFile(path, 'latin1')));
  const words = [...(source.words ?? [])];
  const shared = [...source.labels]
    .filter(([, { fault }]) => fault?.code === 'LABEL_AMBIGUOUS')
    .map(([key]) => key);
  const rules = {
    READING_VERSION,
    AGENT_VERSION,
    fit,
    keepPublishedHoldOut,
    selection,
    labels,
    words,
    shared,
  };
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}

/** {@link streamSource} to its end. */
export async function ingestSource(home: Home, options: IngestSourceOptions): Promise<IngestVerdict[]> {
  return collectVerdicts(streamSource(home, options), options.signal);
}
