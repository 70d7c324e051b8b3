import { expect, test } from 'vitest';
import { inspect, type MonitorReading, overfitting } from './watchdog.ts';

const healthy: MonitorReading = {
  logitTrain: 1,
  logitValidation: 0.8,
  logitFake: -1,
  spreadFake: [0.4, 0.4],
  spreadReal: [0.5, 0.5],
  coverage: [0.6, 0.6],
};

test('r_v is 0 when unseen films look like training films, 1 when they look like fakes', () => {
  expect(overfitting({ ...healthy, logitValidation: 1 })).toBe(0);
  expect(overfitting({ ...healthy, logitValidation: -1 })).toBe(1);
  expect(overfitting({ ...healthy, logitFake: 1 })).toBeNaN();
});

test('a healthy run raises nothing', () => {
  expect(inspect(healthy, ['normal', 'abnormal'])).toEqual([]);
});

test('a discriminator that knows its films by heart is reported, on both sides of the threshold', () => {
  expect(inspect({ ...healthy, logitValidation: -0.79 }, ['a', 'b'])).toEqual([]);
  expect(inspect({ ...healthy, logitValidation: -0.81 }, ['a', 'b'])[0]!.code).toBe('discriminator-overfit');
});

test('a class whose images are all alike is named', () => {
  expect(inspect({ ...healthy, spreadFake: [0.18, 0.4] }, ['a', 'b'])).toEqual([]);
  const [warning] = inspect({ ...healthy, spreadFake: [0.4, 0.17] }, ['a', 'b']);
  expect(warning).toMatchObject({ code: 'mode-collapse', className: 'b' });
});

test('a class that repeats a few images, each unlike the others, is named by its coverage', () => {
  expect(inspect({ ...healthy, coverage: [0.35, 1] }, ['a', 'b'])).toEqual([]);
  expect(inspect({ ...healthy, coverage: [0.34, 1] }, ['a', 'b'])).toEqual([
    { code: 'mode-collapse', className: 'a', value: 0.34 },
  ]);
  expect(inspect({ ...healthy, coverage: [Number.NaN, 1] }, ['a', 'b'])).toEqual([]); // too few films to tell
});
