import { expect, it } from 'vitest';
import { createPace, describeTimeLeft } from './progress-lines.ts';

const MINUTE = 60_000;

it('says how far it is once a minute, with the time left by the pace so far', () => {
  let now = 0;
  const pace = createPace(() => now);
  const told: unknown[] = [];
  for (const [at, share] of [
    [0, 0.1],
    [30_000, 0.15],
    [MINUTE, 0.2],
    [MINUTE + 1, 0.21],
    [3 * MINUTE, 0.4],
  ] as const) {
    now = at;
    told.push(pace(share));
  }
  expect(told).toEqual([
    null,
    null,
    { percent: 20, secondsLeft: 480 },
    null,
    { percent: 40, secondsLeft: 360 },
  ]);
});

it('says nothing while nothing goes on, and begins anew with the next stage', () => {
  let now = 0;
  const pace = createPace(() => now);
  const at = (minute: number, share: number) => {
    now = minute * MINUTE;
    return pace(share);
  };
  expect(at(0, 0.8)).toBeNull();
  expect(at(1, 0.9)).toEqual({ percent: 90, secondsLeft: 60 });
  expect(at(2, 0.9)).toBeNull();
  expect(at(3, 0)).toBeNull();
  expect(at(4, 0.5)).toEqual({ percent: 50, secondsLeft: 60 });
});

it('words the time left as people do', () => {
  expect([null, 40, 240, 7_200].map(describeTimeLeft)).toEqual([
    '',
    ', about 40 s left',
    ', about 4 minutes left',
    ', about 2 hours left',
  ]);
});
