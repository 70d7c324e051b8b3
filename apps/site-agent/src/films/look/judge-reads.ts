import type { SquareFilm } from '@synspine/dicom';
import type { ReadFile } from '../read-ahead.ts';
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
  reads: AsyncIterable<ReadFile>,
  learn: LearnLook,
  patientOf: (film: SquareFilm) => string,
): AsyncGenerator<JudgedFile> {
  let judge = await learn();
  const withLook = (read: ReadFile): JudgedFile =>
    read.film.ok ? { ...read, look: judge.judge(read.film) } : read;
  let waiting: ReadFile[] | undefined = judge.isLearnt ? undefined : [];
  const learnFromWaiting = async (files: readonly ReadFile[]) => {
    const films = files.flatMap(({ film }) => (film.ok ? [{ ...film, patient: patientOf(film) }] : []));
    judge = await learn(distinct(films));
  };
  for await (const read of reads) {
    if (waiting) waiting.push(read);
    else yield withLook(read);
    if (!waiting || waiting.length < WAITING_MAX) continue;
    await learnFromWaiting(waiting);
    yield* waiting.map(withLook);
    waiting = undefined;
  }
  if (!waiting) return;
  await learnFromWaiting(waiting);
  yield* waiting.map(withLook);
}

function distinct(films: readonly NewFilm[]): NewFilm[] {
  return [...new Map(films.map((film) => [film.pixelSha256, film])).values()];
}
