import { type GanPreset, presets } from '@synspine/gan/presets';
import type { LabelSchemeName } from './films/label-schemes.ts';
import type { RunOptions } from './runs/run-options.ts';
import { SiteError } from './site-error.ts';

/** The preset of that name. Throws OPTION_INVALID. */
export function findPreset(name: string): GanPreset {
  const preset = Object.values(presets).find((known) => known.name === name);
  if (!preset) throw new SiteError('OPTION_INVALID', `presets: ${Object.keys(presets).join(', ')}`);
  return preset;
}

/** The preset of a run, with what the run asked to be otherwise. Throws OPTION_INVALID. */
export function presetOfRun({ preset, ganLoss }: Pick<RunOptions, 'preset' | 'ganLoss'>): GanPreset {
  const named = findPreset(preset);
  return ganLoss ? { ...named, loss: ganLoss } : named;
}

/** The conditions that a preset is meant for, where a run doesn't say which. */
export function labelsOfPreset(name: string): LabelSchemeName {
  return name === presets['paper-256-multi'].name ? 'findings' : 'binary';
}
