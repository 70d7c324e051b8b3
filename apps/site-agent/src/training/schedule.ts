import type { Schedule } from './settings.ts';

/** What the next run of `serve` waits for: the end of one that goes on, more films, an end of their coming, its day, or its hour. */
export type Wait = 'RUN' | 'FILMS' | 'ARRIVALS' | 'DAYS' | 'HOURS';

export type Situation = {
  now: Date;
  isRunning: boolean;
  /** Films that came since the newest run began. */
  newFilms: number;
  /** Films have come since the look before: a run should have all of a delivery, not its first fifty. */
  isArriving: boolean;
  /** When the newest run began, whatever became of it; null: there was none. */
  newestRunAt: Date | null;
};

const DAY_MS = 86_400_000;

/** What a run still waits for; null: it is due. A run that failed or was rejected counts like any other, so none is repeated. */
export function waitOf(
  schedule: Schedule,
  { now, isRunning, newFilms, isArriving, newestRunAt }: Situation,
): Wait | null {
  if (isRunning) return 'RUN';
  if (newFilms < schedule.afterNewFilms) return 'FILMS';
  if (isArriving) return 'ARRIVALS';
  const restMs = schedule.everyDaysAtMost * DAY_MS;
  const ageMs = newestRunAt ? now.getTime() - newestRunAt.getTime() : Number.POSITIVE_INFINITY;
  if (0 <= ageMs && ageMs < restMs) return 'DAYS'; // a run in the future: the clock was set back since
  return schedule.between === null || isBetween(schedule.between, now) ? null : 'HOURS';
}

/** Whether it is that time of the day here: from the first minute on, until the second; over midnight where that is the smaller. */
function isBetween(between: string, now: Date): boolean {
  const [from, until] = between
    .split('-')
    .map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  const minute = now.getHours() * 60 + now.getMinutes();
  return from! < until! ? from! <= minute && minute < until! : minute >= from! || minute < until!;
}
