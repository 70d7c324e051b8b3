import { describe, expect, it } from 'vitest';
import { planPresets } from './plan-presets.ts';
import { assumeClasses, type Machine, proposePreset } from './propose-preset.ts';

const cpu = (cores: number): Machine => ({ cores, memoryGiB: 24, gpu: null });
const card = (model: string, memoryGiB: number): Machine => ({
  cores: 16,
  memoryGiB: 128,
  gpu: { model, memoryGiB },
});
const propose = (machine: Machine, films: number) =>
  proposePreset(planPresets(machine, assumeClasses(films)), films);

describe('the proposed preset', () => {
  it.each([
    ['an A100 and 3,000 films', card('NVIDIA A100-SXM4-40GB', 38), 3_000, 'paper-256', 'bfloat16'],
    ['an A100 of 80 GB and 3,000 films', card('NVIDIA A100 80GB PCIe', 77), 3_000, 'paper-256', 'bfloat16'],
    ['a card that knows no bfloat16', card('Tesla V100-SXM2-32GB', 30), 3_000, 'paper-256', 'float32'],
    ['a card too small for the largest', card('NVIDIA GeForce RTX 3070', 7), 3_000, 'clinic-256', 'bfloat16'],
    ['a card of 4 GiB', card('Tesla M60', 3.5), 3_000, 'small-64', 'float32'],
    ['an A100 and few films', card('NVIDIA A100-SXM4-40GB', 38), 300, 'small-64', 'float32'],
    ['two cores and few films', cpu(2), 60, 'small-32', 'float32'],
    ['two cores and many films', cpu(2), 3_000, 'small-64', 'float32'],
    ['sixteen cores and many films', cpu(16), 3_000, 'small-128', 'float32'],
    ['no films yet', cpu(2), 0, 'small-32', 'float32'],
  ])('%s: fits', (_, machine, films, preset, precision) => {
    expect(propose(machine, films)).toMatchObject({ preset, precision, code: null });
  });

  it('takes no longer than a day by estimate', () => {
    for (const films of [0, 300, 1_000, 3_000, 100_000])
      for (const machine of [cpu(1), cpu(4), cpu(64), card('NVIDIA A100-SXM4-40GB', 38)])
        expect(propose(machine, films).hours).toBeLessThanOrEqual(24);
  });

  it('says of a preset that does not fit what stands in its way', () => {
    const codeOf = (machine: Machine, preset: string) =>
      planPresets(machine, assumeClasses(3_000)).find((plan) => plan.preset === preset)!.code;
    expect(codeOf(cpu(2), 'paper-256')).toBe('TOO_LARGE_FOR_CPU');
    expect(codeOf(card('NVIDIA L4', 8), 'paper-256')).toBe('TOO_LITTLE_MEMORY');
    expect(codeOf({ ...cpu(2), memoryGiB: 4 }, 'small-64')).toBe('TOO_LITTLE_MEMORY');
  });
});
