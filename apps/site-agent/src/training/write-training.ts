import { existsSync } from 'node:fs';
import { writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { SiteError } from '../site-error.ts';
import { DEFAULT_TRAINING, type TrainingSettings } from './settings.ts';
import type { Proposal } from './survey.ts';

const AT_NIGHT = '22:00-06:00';

/**
 * A training.json that names every field. Without a proposal the preset stays `auto`: how many films there will be isn't known. What
 * `kept` says of anything but preset and precision stays as it is.
 */
export function toTraining(
  proposal: Pick<Proposal, 'proposed'> | undefined,
  kept: Partial<TrainingSettings> = {},
): TrainingSettings {
  const { loss, labels, syntheticCount, psi } = DEFAULT_RUN_OPTIONS;
  const chosen = proposal
    ? { preset: proposal.proposed.preset, precision: proposal.proposed.precision }
    : { preset: 'auto' as const };
  return {
    ...{ schema: 'synspine.training/1', labels, loss, imagesShown: null, psi, syntheticCount, gpu: 'auto' },
    split: DEFAULT_TRAINING.split,
    schedule: { ...DEFAULT_TRAINING.schedule, between: AT_NIGHT },
    ...kept,
    ...chosen,
  };
}

/** Writes it into the home. Throws TRAINING_EXISTS where one is there, unless it may be replaced. */
export async function writeTraining(
  home: Home,
  settings: TrainingSettings,
  { replace = false } = {},
): Promise<void> {
  if (existsSync(home.files.training) && !replace) throw new SiteError('TRAINING_EXISTS');
  await writeJson(home.files.training, settings);
}
