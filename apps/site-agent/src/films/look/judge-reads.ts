import type { SquareFilm } from '@synspine/dicom';
import type { KeptFile, ReadFile } from '../read-ahead.ts';
import type { Look, LookJudge, NewFilm } from './learn-look.ts';

/** Learns what the site's films look like from those in the home and these. */
export type LearnLook = (more?: readonly NewFilm[]) => Promise<LookJudge>;

export type JudgedFile = ReadFile & { look?: Look };

const WAITING_MAX = 400; // files; 26 MB of square images

/**
 * Says of each film that was read whether it looks like the site's films, in the same order. While the home has too few to
 * learn from, the first files wait until there are enough among them or all were read: the first folder of a site is judged by
 * its own films.
 */
export async function* judgeReads(
  reads: AsyncIterable<ReadFile | KeptFile>,
  learn: LearnLook,
  patientOf: (film: SquareFilm) => string,
): AsyncGenerator<JudgedFile | KeptFile> {
  let judge: LookJudge | undefined; // learnt with the first film that needs it
  let waiting: (ReadFile | KeptFile)[] | undefined;
  const judgeAll = async (files: readonly (ReadFile | KeptFile)[]) => {
    const read = files.flatMap((file) => ('film' in file && file.film.ok ? [file.film] : []));
    judge = await learn(distinct(read.map((film) => ({ ...film, patient: patientOf(film) }))));
    return files.map((file) => withLook(judge!, file));
  };
  for await (const read of reads) {
    if (!judge && 'film' in read && read.film.ok) {
      judge = await learn();
      if (!judge.isLearnt) waiting = [];
    }
    if (!waiting) yield judge ? withLook(judge, read) : read;
    else if (waiting.push(read) >= WAITING_MAX) {
      yield* await judgeAll(waiting);
      waiting = undefined;
    }
  }
  if (waiting) yield* await judgeAll(waiting);
}

function withLook(judge: LookJudge, read: ReadFile | KeptFile): JudgedFile | KeptFile {
  return 'film' in read && read.film.ok ? { ...read, look: judge.judge(read.film) } : read;
}

function distinct(films: readonly NewFilm[]): NewFilm[] {
  return [...new Map(films.map((film) => [film.pixelSha256, film])).values()];
}
