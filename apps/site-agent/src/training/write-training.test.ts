import { expect, it } from 'vitest';
import { DEFAULT_TRAINING } from './settings.ts';
import { toTraining } from './write-training.ts';

const proposed = {
  preset: 'paper-256',
  precision: 'bfloat16',
  imagesShown: 9,
  hours: 1,
  memoryGiB: 1,
  code: null,
} as const;

it('a proposal changes preset and precision alone in what the site has decided', () => {
  const split = { validation: 0.1, holdOut: 0.5 };
  const kept = { ...DEFAULT_TRAINING, preset: 'small-64', gpu: 'required', psi: 0.7, split } as const;
  const training = toTraining({ proposed }, kept);
  expect(training).toMatchObject({ gpu: 'required', psi: 0.7, split, schedule: kept.schedule });
  expect(training).toMatchObject({ preset: 'paper-256', precision: 'bfloat16' });
});

it('without films the preset stays to be chosen, and runs start at night', () => {
  expect(toTraining(undefined)).toMatchObject({ preset: 'auto', schedule: { between: '22:00-06:00' } });
});
