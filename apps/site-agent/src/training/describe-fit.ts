import { presets } from '@synspine/gan/presets';
import type { PresetPlan } from './propose-preset.ts';
import type { TrainingSettings } from './settings.ts';
import { describeHours, describeMachine, type Proposal } from './survey.ts';

const HOURS_LONG = 24;

/** What the settings would take on this machine, whether more would fit, and a warning for whatever of it doesn't. */
export function describeFit(settings: TrainingSettings, proposal: Proposal): string[] {
  const { plans, proposed, machine } = proposal;
  const plan =
    settings.preset === 'auto' ? proposed : plans.find(({ preset }) => preset === settings.preset)!;
  const longer = settings.imagesShown ? settings.imagesShown / plan.imagesShown : 1;
  const hours = plan.hours * longer;
  const takes = `${plan.preset} takes ${describeHours({ hours })} to train here (${describeMachine(machine)})`;
  const more = hasMorePixels(proposed, plan) ? [`${proposed.preset} would fit, too`] : [];
  const warnings = warningsOf(settings, proposal, { ...plan, hours });
  return [takes, ...more, ...warnings.map((warning) => `WARNING: ${warning}`)];
}

function warningsOf(
  { precision, gpu }: TrainingSettings,
  { machine, isGpuProblem, gpuText }: Proposal,
  plan: PresetPlan,
): string[] {
  const { preset, code, memoryGiB } = plan;
  const place = machine.gpu ? 'the card' : 'this machine';
  const warnings: [boolean, string][] = [
    [code === 'TOO_LARGE_FOR_CPU', `${preset} takes a GPU, and none can be used here: the run would stop`],
    [code === 'TOO_LITTLE_MEMORY', `${preset} takes ${memoryGiB} GiB, more than ${place} has to spare`],
    [code === null && plan.hours > HOURS_LONG, 'that is longer than a day'],
    [isGpuProblem && gpu !== 'none', `the GPU is not used: ${gpuText}`],
    [precision === 'bfloat16' && plan.precision === 'float32', 'bfloat16 brings nothing here'],
  ];
  return warnings.filter(([isSo]) => isSo).map(([, text]) => text);
}

function hasMorePixels(one: PresetPlan, other: PresetPlan): boolean {
  return presets[one.preset].resolution > presets[other.preset].resolution;
}
