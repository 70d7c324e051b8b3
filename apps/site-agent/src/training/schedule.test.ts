import { expect, it } from 'vitest';
import { type Situation, waitOf } from './schedule.ts';
import type { Schedule } from './settings.ts';

const schedule: Schedule = { afterNewFilms: 50, everyDaysAtMost: 7, between: '22:00-06:00' };
const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute); // local time
const due: Situation = {
  now: at(20, 23),
  isRunning: false,
  newFilms: 50,
  isArriving: false,
  newestRunAt: at(13, 23),
};

it.each([
  ['enough films, days and darkness', {}, null],
  ['the first run', { newestRunAt: null }, null],
  ['a run that goes on', { isRunning: true }, 'RUN'],
  ['one film too few', { newFilms: 49 }, 'FILMS'],
  ['films that are still coming', { isArriving: true }, 'ARRIVALS'],
  ['a minute less than the days', { newestRunAt: at(13, 23, 1) }, 'DAYS'],
  ['a run that a clock set back has put into the future', { newestRunAt: at(28, 23) }, null],
  ['the last minute of the day', { now: at(20, 21, 59), newestRunAt: null }, 'HOURS'],
  ['the first minute of the night', { now: at(20, 22, 0), newestRunAt: null }, null],
  ['the last minute of the night', { now: at(21, 5, 59), newestRunAt: null }, null],
  ['the first minute of the day', { now: at(21, 6, 0), newestRunAt: null }, 'HOURS'],
])('%s: the next run waits for what is missing, or is due', (_, change, wait) => {
  expect(waitOf(schedule, { ...due, ...change })).toBe(wait);
});

it('hours that do not pass midnight, and none at all', () => {
  const between = (hours: string | null, now: Date) =>
    waitOf({ ...schedule, between: hours }, { ...due, now });
  expect(
    [at(21, 11, 59), at(21, 12), at(21, 13, 29), at(21, 13, 30)].map((now) => between('12:00-13:30', now)),
  ).toEqual(['HOURS', null, null, 'HOURS']);
  expect(between(null, at(21, 12))).toBeNull();
});
