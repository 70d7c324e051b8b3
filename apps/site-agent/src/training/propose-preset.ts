import type { PresetName } from '@synspine/gan/presets';

/** What a machine brings to a training. */
export type Machine = {
  cores: number;
  memoryGiB: number;
  /** That TensorFlow takes: its name, and what it may use of its memory. */
  gpu: { model: string; memoryGiB: number } | null;
};

/** What a preset would take on a machine, and the code of what stands in its way there. */
export type PresetPlan = {
  preset: PresetName;
  precision: 'float32' | 'bfloat16';
  imagesShown: number;
  /** By estimate, of a quiet machine: the training alone, without judge, evaluation and audit. */
  hours: number;
  memoryGiB: number;
  code: 'TOO_LARGE_FOR_CPU' | 'TOO_LITTLE_MEMORY' | null;
};

/**
 * Presets from the smallest on, and the fewest films that each is proposed for. Our choice: small-32 and small-64 were measured on
 * some 280 films, the paper had 3,018 for paper-256, and the others lie between.
 */
const LADDER = [
  { preset: 'small-32', films: 0 },
  { preset: 'small-64', films: 200 },
  { preset: 'small-128', films: 500 },
  { preset: 'clinic-256', films: 1_000 },
  { preset: 'paper-256', films: 2_500 },
] as const satisfies { preset: PresetName; films: number }[];
const HOURS_MAX = 24; // a run that takes longer is a person's decision

/** The largest preset that fits the machine within a day and that so many films are enough for. */
export function proposePreset(plans: readonly PresetPlan[], films: number): PresetPlan {
  const planOf = (name: PresetName) => plans.find(({ preset }) => preset === name)!;
  const fits = ({ code, hours }: PresetPlan) => code === null && hours <= HOURS_MAX;
  const fitting = LADDER.filter(({ preset, films: least }) => films >= least && fits(planOf(preset)));
  return planOf((fitting.at(-1) ?? LADDER[0]).preset);
}

const MANY = 1e6; // films: a training of full length

/**
 * Training films of two classes alike, where only the number of all films is known: 60 % of them are trained on. No films yet: as if
 * there were enough, since a plan for none says nothing.
 */
export function assumeClasses(films: number): number[] {
  return [0, 1].map(() => (films === 0 ? MANY : Math.max(1, Math.round(0.3 * films))));
}
