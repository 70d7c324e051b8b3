import { expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { DEFAULT_TRAINING, readTraining } from './settings.ts';
import { toTraining, writeTraining } from './write-training.ts';

const temporaryFolder = useTemporaryFolders();

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

it('a file that is there stays, and the refusal says what --force would replace in it', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  const own = { ...DEFAULT_TRAINING, psi: 0.7 };
  await writeTraining(home, own);
  const again = writeTraining(home, toTraining({ proposed }, own));
  await expect(again).rejects.toThrow(
    /^TRAINING_EXISTS: .*`synspine-site training propose --write --force`, which replaces its preset and precision and leaves the rest\.$/,
  );
  expect(await readTraining(home)).toEqual(own);
  await writeTraining(home, toTraining({ proposed }, own), { replace: true });
  expect(await readTraining(home)).toMatchObject({ psi: 0.7, preset: 'paper-256', precision: 'bfloat16' });
});

it('without films the preset stays to be chosen, and runs start at night', () => {
  expect(toTraining(undefined)).toMatchObject({ preset: 'auto', schedule: { between: '22:00-06:00' } });
});
