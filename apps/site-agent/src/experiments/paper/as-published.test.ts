import { RECIPES } from '@synspine/classifier';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addExperimentCommand } from '../../cli/experiment.ts';
import { applyPublished, type ExperimentFlags, toExperimentOptions } from '../../cli/experiment-options.ts';
import { findPreset } from '../../presets.ts';
import { settingsTable } from './as-published.ts';
import type { ExperimentOptions } from './plan.ts';

/** The options that a command line comes to, through the command's own parser. */
async function optionsOf(...args: string[]): Promise<ExperimentOptions> {
  const program = new Command();
  addExperimentCommand(program);
  const paper = program.commands[0]!.commands[0]!;
  let parsed: Promise<ExperimentOptions> | undefined;
  paper.action(async (flags: ExperimentFlags, command: Command) => {
    parsed = applyPublished(flags, command).then((all) =>
      toExperimentOptions({ ...all, preset: all.preset ?? 'small-32' }, undefined),
    );
  });
  await program.parseAsync(['experiment', 'paper', '--data', 'd', '--out', 'o', ...args], { from: 'user' });
  return parsed!;
}

test('as published, every setting is the paper’s', async () => {
  const options = await optionsOf('--as-published');
  expect(options).toMatchObject({
    ...{ labels: 'binary', judgeWeight: 0.1, ganLoss: 'logistic', psi: 1, syntheticCount: 10_000 },
    ...{ architecture: 'densenet-121', fit: 'centre-square', fullProtocolImages: 50_000 },
  });
  const preset = findPreset(options.preset);
  expect([preset.resolution, preset.imagesShown]).toEqual([256, 4_200_000]);
  expect(preset.augment).toMatchObject({ flipX: true, quarterTurns: true, rotationDegrees: 180 });
  const recipe = RECIPES[options.recipe];
  expect(recipe).toMatchObject({ learningRate: 1e-3, batchSize: 32, weightDecay: 0, labelSmoothing: 0 });
  expect(recipe.augmentation).toMatchObject({
    ...{ mirror: 0.3, gamma: 0, noise: 0 },
    warp: { draw: 'uniform', rotation: 5, cropArea: 0.8 },
  });
});

test('as published with findings, the multi-conditional generator is the paper’s', async () => {
  const { preset, labels } = await optionsOf('--as-published', '--labels', 'findings');
  expect(labels).toBe('findings');
  expect(findPreset(preset).imagesShown).toBe(1_200_000);
});

test('a flag goes before the paper’s setting, and without the flag nothing of it is set', async () => {
  const small = await optionsOf('--as-published', '--preset', 'demo-32', '--psi', '.7');
  expect(small).toMatchObject({ preset: 'demo-32', psi: 0.7, fit: 'centre-square' });
  expect(await optionsOf()).toMatchObject({
    preset: 'small-32',
    fit: 'squeeze',
    judgeWeight: null,
    recipe: 'default',
  });
});

test('the table of settings says what is as published and what isn’t', async () => {
  const tableOf = async (...args: string[]) =>
    settingsTable({ options: await optionsOf(...args) }).rows.map(([setting, , , , isSame]) => [
      setting,
      isSame,
    ]);
  const published = await tableOf('--as-published');
  expect(published.filter(([, isSame]) => isSame !== 'yes').map(([setting]) => setting)).toEqual([
    'films',
    'findings',
  ]);
  expect(Object.fromEntries(await tableOf('--as-published', '--fit', 'squeeze'))).toMatchObject({
    ...{ square: 'no', flip: 'yes', size: 'yes' },
  });
});
