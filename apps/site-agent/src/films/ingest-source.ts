import { availableParallelism } from 'node:os';
import { createFilmReader } from '@synspine/dicom';
import type { Home } from '../home.ts';
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
import { readSelection } from './selection-policy.ts';
import { learnViews } from './views/learn-views.ts';

const PROCESSES_MAX = 4;
const FILM_TIMEOUT_MS = 30_000; // a large film takes a second or two; a busy machine several times that

export type IngestSourceOptions = Omit<IngestOptions, 'readFilm' | 'concurrency' | 'views' | 'learnLook'> & {
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
      ...(unlikeSpine === 'refuse' && { learnLook: (more) => learnLook(home, more, memory) }),
      concurrency,
    });
  } finally {
    await reader.close();
  }
}

/** {@link streamSource} to its end. */
export async function ingestSource(home: Home, options: IngestSourceOptions): Promise<IngestVerdict[]> {
  return collectVerdicts(streamSource(home, options), options.signal);
}
