import { type GanPreset, type PresetName, presets } from '@synspine/gan/presets';
import { COPIES_SOUGHT } from '@synspine/privacy/copies-sought';
import type { LabelSchemeName } from './films/label-schemes.ts';
import type { RunOptions } from './runs/run-options.ts';
import { SiteError } from './site-error.ts';

/** The preset of that name. Throws OPTION_INVALID. */
export function findPreset(name: string): GanPreset {
  const preset = Object.values(presets).find((known) => known.name === name);
  if (!preset) throw new SiteError('OPTION_INVALID', `presets: ${Object.keys(presets).join(', ')}`);
  return preset;
}

/** Presets whose training moves, turns and scales films no further than the audit seeks copies: those a site may release from. */
export const RELEASABLE = (Object.keys(presets) as PresetName[]).filter((name) =>
  isSought(presets[name].augment),
) as [PresetName, ...PresetName[]];

/** Whether all that an augmentation does to a film's geometry, taken together, is within the audit's reach. */
export function isSought(augment: GanPreset['augment']): boolean {
  const { quarterTurns, anisotropyLog2, rotationDegrees, shift, distribution } = augment;
  const scaleMax = augment.scaleLog2Max ?? (distribution === 'uniform' ? augment.scaleLog2 : Infinity);
  return (
    !quarterTurns &&
    anisotropyLog2 === 0 && // nor is there a second turn then
    rotationDegrees <= COPIES_SOUGHT.degrees &&
    shift <= COPIES_SOUGHT.shift &&
    (augment.scaleLog2 === 0 || 2 ** scaleMax <= COPIES_SOUGHT.scale)
  );
}

/** As {@link findPreset}, for a run that may release. Throws OPTION_INVALID. */
export function findReleasable(name: string): GanPreset {
  const preset = findPreset(name);
  if (RELEASABLE.some((known) => known === preset.name)) return preset;
  throw new SiteError(
    'OPTION_INVALID',
    `${name} moves films further than the audit seeks copies, and is for \`experiment paper\` alone`,
  );
}

/** The preset of a run, with what the run asked to be otherwise. Throws OPTION_INVALID. */
export function presetOfRun({ preset, ganLoss }: Pick<RunOptions, 'preset' | 'ganLoss'>): GanPreset {
  const named = findPreset(preset);
  return ganLoss ? { ...named, loss: ganLoss } : named;
}

/** The conditions that a preset is meant for, where a run doesn't say which. */
export function labelsOfPreset(name: string): LabelSchemeName {
  return /-multi$/.test(name) ? 'findings' : 'binary';
}
