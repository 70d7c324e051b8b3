import { type GanPreset, imagesToShow, planTraining } from '@synspine/gan';
import { type PresetName, presets } from '@synspine/gan/presets';
import { RELEASABLE } from '../presets.ts';
import type { Machine, PresetPlan } from './propose-preset.ts';

const REST_GIB = 2; // of a CPU's memory, for the system and the agent
const BFLOAT16_FROM_PX = 256; // below, steps are bound by launches, not by arithmetic

/** NVIDIA's cards before Ampere (compute capability 8.0) multiply no bfloat16. */
const WITHOUT_BFLOAT16 = /\b([KMP]\d{1,4}|V100|T4|T4G|GP100|GV100|GTX|TITAN|Quadro RTX|RTX 20\d\d)\b/i;

/** Every preset on this machine; `filmsOfClasses` are the training films of each class. */
export function planPresets(machine: Machine, filmsOfClasses: readonly number[]): PresetPlan[] {
  return RELEASABLE.map((name) => planPreset(machine, presets[name], filmsOfClasses));
}

function planPreset(machine: Machine, preset: GanPreset, filmsOfClasses: readonly number[]): PresetPlan {
  const { gpu, cores } = machine;
  const imagesShown = imagesToShow(preset, filmsOfClasses);
  const device = gpu ? ({ kind: 'a100' } as const) : ({ kind: 'cpu', cores } as const);
  const plan = planTraining(preset, { classCount: filmsOfClasses.length, imagesShown, device });
  const isFast = gpu !== null && preset.resolution >= BFLOAT16_FROM_PX && !WITHOUT_BFLOAT16.test(gpu.model);
  const isTight = preset.memoryGiB > (gpu?.memoryGiB ?? machine.memoryGiB - REST_GIB);
  const isSlow = plan.verdict === 'too-large-for-cpu';
  return {
    preset: preset.name as PresetName,
    precision: isFast ? 'bfloat16' : 'float32',
    imagesShown,
    hours: plan.seconds / 3_600,
    memoryGiB: preset.memoryGiB,
    code: isSlow ? 'TOO_LARGE_FOR_CPU' : isTight ? 'TOO_LITTLE_MEMORY' : null,
  };
}
