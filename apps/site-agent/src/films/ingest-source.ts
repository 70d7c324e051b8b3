import { availableParallelism } from 'node:os';
import { createFilmReader } from '@synspine/dicom';
import type { Home } from '../home.ts';
import { type IngestOptions, type IngestVerdict, ingestFolder } from './ingest-folder.ts';
import { MASTER_SIZE } from './master-image.ts';

const PROCESSES_MAX = 4;
const FILM_TIMEOUT_MS = 30_000; // a large film takes a second or two; a busy machine several times that

/** {@link ingestFolder} with film readers of its own: untrusted files are opened in their processes only. */
export async function ingestSource(
  home: Home,
  options: Omit<IngestOptions, 'readFilm' | 'concurrency'> & { signal?: AbortSignal },
): Promise<IngestVerdict[]> {
  const concurrency = Math.min(PROCESSES_MAX, availableParallelism());
  const image = { size: MASTER_SIZE, fit: options.fit };
  const reader = createFilmReader({ processes: concurrency, timeoutMs: FILM_TIMEOUT_MS, image });
  const readFilm = async (path: string) => {
    options.signal?.throwIfAborted();
    return reader.read(path);
  };
  try {
    return await ingestFolder(home, { ...options, readFilm, concurrency });
  } finally {
    await reader.close();
  }
}
