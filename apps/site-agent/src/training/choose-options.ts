import { findReleasable, labelsOfPreset } from '../presets.ts';
import { DEFAULT_RUN_OPTIONS, parseRunOptions, type RunOptions } from '../runs/run-options.ts';
import type { TrainingSettings } from './settings.ts';
import type { Proposal } from './survey.ts';

/** Who said what an option is. `machine`: nobody, so that it fits the machine and the films. */
type Origin = 'flag' | 'training.json' | 'machine' | 'preset' | 'default';
export type Origins = { [K in keyof RunOptions]?: Origin };
/** Options as people state them, who may say `auto`. */
export type Stated = Omit<Partial<RunOptions>, 'gpu'> & { gpu?: 'auto' | RunOptions['gpu'] };
type Chosen = Omit<RunOptions, 'gpu'> & Pick<Stated, 'gpu'>;
export type ChosenOptions = { options: RunOptions; origins: Origins; proposal: Proposal | undefined };

/**
 * The options of a new run: flags before training.json before what fits the machine before defaults. The machine is looked at only
 * when its preset is wanted. Throws OPTION_INVALID, naming the flag.
 */
export async function chooseOptions(
  { schema: _, schedule: __, split: ___, preset: wanted, ...file }: TrainingSettings,
  flags: Stated,
  propose: () => Promise<Proposal>,
): Promise<ChosenOptions> {
  parseRunOptions(withoutUsual({ ...DEFAULT_RUN_OPTIONS, ...flags })); // a wrong flag, before the machine is looked at
  const stated = { ...file, ...(wanted !== 'auto' && { preset: wanted }) };
  const isOpen = flags.preset === undefined && wanted === 'auto';
  const proposal = isOpen ? await propose() : undefined;
  const fitting = proposal && { preset: proposal.proposed.preset, precision: proposal.proposed.precision };
  const preset = findReleasable(
    flags.preset ?? fitting?.preset ?? stated.preset ?? DEFAULT_RUN_OPTIONS.preset,
  ).name;
  const layers: [Origin, Stated | undefined][] = [
    ['default', DEFAULT_RUN_OPTIONS],
    ['preset', { labels: labelsOfPreset(preset) }],
    ['machine', fitting],
    ['training.json', stated],
    ['flag', flags],
  ];
  const options: Chosen = { ...DEFAULT_RUN_OPTIONS };
  const origins: Origins = {};
  for (const [origin, layer] of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value === undefined) continue;
      Object.assign(options, { [name]: value });
      origins[name as keyof RunOptions] = origin;
    }
  }
  return { options: parseRunOptions(withoutUsual(options)), origins, proposal };
}

/** Precision and GPU stay unsaid where they are as always: runs of 0.1 have no such option, and hash alike. */
function withoutUsual({ precision, gpu, ...options }: Chosen): RunOptions {
  return {
    ...options,
    ...(precision === 'bfloat16' && { precision }),
    ...(gpu !== undefined && gpu !== 'auto' && { gpu }),
  };
}

/** Options with who said them, in a line a few of them. */
export function describeOptions(options: RunOptions, origins: Origins): string[] {
  const values = { precision: 'float32', gpu: 'auto', ...options };
  return Object.entries(values).map(([name, value]) => {
    const said = origins[name as keyof RunOptions] ?? 'default';
    return `  ${name.padEnd(15)} ${value ?? 'the preset’s'} (${WORDS[said]})`;
  });
}

const WORDS: Record<Origin, string> = {
  flag: 'flag',
  'training.json': 'training.json',
  machine: 'fits this machine and these films',
  preset: 'the preset’s',
  default: 'default',
};
