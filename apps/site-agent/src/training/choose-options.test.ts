import { expect, it } from 'vitest';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { chooseOptions, describeOptions } from './choose-options.ts';
import { planPresets } from './plan-presets.ts';
import { assumeClasses, type Machine, proposePreset } from './propose-preset.ts';
import { DEFAULT_TRAINING, type TrainingSettings } from './settings.ts';

const machine: Machine = {
  cores: 16,
  memoryGiB: 128,
  gpu: { model: 'NVIDIA A100-SXM4-40GB', memoryGiB: 38 },
};
const propose = async () => {
  const plans = planPresets(machine, assumeClasses(3_000));
  return {
    machine,
    plans,
    films: 3_000,
    gpuText: '',
    isGpuProblem: false,
    proposed: proposePreset(plans, 3_000),
  };
};
const choose = (file: Partial<TrainingSettings>, flags: Parameters<typeof chooseOptions>[1] = {}) =>
  chooseOptions({ ...DEFAULT_TRAINING, ...file }, flags, propose);
const unasked = () => Promise.reject(new Error('looked at the machine'));

it('takes a flag before training.json, that before what fits the machine, and that before the defaults', async () => {
  const { options, origins } = await choose({ psi: 0.7, loss: 'gan' }, { loss: 'spinegan', seed: 4 });
  expect(options).toEqual({
    ...DEFAULT_RUN_OPTIONS,
    ...{ preset: 'paper-256', precision: 'bfloat16', psi: 0.7, loss: 'spinegan', seed: 4 },
  });
  expect(origins).toMatchObject({
    ...{ preset: 'machine', precision: 'machine', psi: 'training.json', loss: 'flag', seed: 'flag' },
    ...{ syntheticCount: 'default', labels: 'preset' },
  });
});

it('never trains the demo’s preset where nobody said a preset', async () => {
  expect((await choose({})).options.preset).toBe('paper-256');
});

it('does not look at the machine for a preset that was said, and trains it in float32', async () => {
  const settings: TrainingSettings = { ...DEFAULT_TRAINING, preset: 'small-32' };
  const { options, proposal } = await chooseOptions(settings, {}, unasked);
  expect(options).toEqual({ ...DEFAULT_RUN_OPTIONS, preset: 'small-32' });
  expect(proposal).toBeUndefined();
  await expect(chooseOptions(DEFAULT_TRAINING, { preset: 'small-32' }, unasked)).resolves.toMatchObject({
    options: { preset: 'small-32' },
  });
});

it('lets a flag take back what training.json says', async () => {
  const file = { preset: 'paper-256', precision: 'bfloat16', gpu: 'required' } as const;
  expect((await choose(file)).options).toMatchObject({ precision: 'bfloat16', gpu: 'required' });
  const { options } = await choose(file, { precision: 'float32', gpu: 'auto' });
  expect(options).toEqual({ ...DEFAULT_RUN_OPTIONS, preset: 'paper-256' }); // as a run of 0.1 has them
});

it('takes the labels that a preset is meant for', async () => {
  expect((await choose({ preset: 'paper-256-multi' })).options.labels).toBe('findings');
  expect((await choose({ preset: 'paper-256-multi', labels: 'binary' })).options.labels).toBe('binary');
});

it('refuses a preset that there is none of', async () => {
  await expect(choose({}, { preset: 'paper-512' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

it('says of each option what it is and who said so', async () => {
  const { options, origins } = await choose({ psi: 0.7 }, { loss: 'gan' });
  const lines = describeOptions(options, origins).map((line) => line.trim().replace(/ +/g, ' '));
  expect(lines).toContain('psi 0.7 (training.json)');
  expect(lines).toContain('loss gan (flag)');
  expect(lines).toContain('preset paper-256 (fits this machine and these films)');
  expect(lines).toContain('gpu auto (default)');
});

it('refuses a preset whose training turns films further than the audit seeks copies', async () => {
  await expect(choose({ preset: 'published-256' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect((await choose({ preset: 'paper-256' })).options.preset).toBe('paper-256');
});
