import { type GanPreset, presets } from '@synspine/gan';
import { SiteError } from './site-error.ts';

/** The preset of that name. Throws OPTION_INVALID. */
export function findPreset(name: string): GanPreset {
  const preset = Object.values(presets).find((known) => known.name === name);
  if (!preset) throw new SiteError('OPTION_INVALID', `presets: ${Object.keys(presets).join(', ')}`);
  return preset;
}
