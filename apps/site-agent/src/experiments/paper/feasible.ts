import { initCompute } from '@synspine/compute';
import { planTraining, spreadThreads } from '@synspine/gan';
import { LABEL_SCHEMES } from '../../films/label-schemes.ts';
import { findPreset } from '../../presets.ts';
import { SiteError } from '../../site-error.ts';
import type { ExperimentOptions } from './plan.ts';

const DAY_S = 86_400;

/**
 * Refuses an experiment whose generators no CPU trains, before a film is read, with what it would take here and on one
 * A100. Throws EXPERIMENT_TOO_LARGE.
 */
export async function requireFeasible(options: ExperimentOptions, threads: number): Promise<void> {
  const preset = findPreset(options.preset);
  const { device } = initCompute(spreadThreads(preset, threads));
  if (device === 'gpu') return;
  const imagesShown = options.imagesShown ?? preset.imagesShown;
  const classCount = LABEL_SCHEMES[options.labels].classNames.length;
  const trainings = 2 * options.generatorSeeds; // GAN and SpineGAN, of all sites together
  const plan = (kind: { kind: 'a100' } | { kind: 'cpu'; cores: number }) =>
    planTraining(preset, { classCount, imagesShown, device: kind });
  const here = plan({ kind: 'cpu', cores: threads });
  if (here.verdict === 'fits') return;
  const days = (seconds: number) => Math.round((trainings * seconds) / DAY_S).toLocaleString('en');
  const hours = (trainings * plan({ kind: 'a100' }).seconds) / 3_600;
  throw new SiteError(
    'EXPERIMENT_TOO_LARGE',
    `${trainings} trainings of ${preset.name}, ${imagesShown} images each: about ${days(here.seconds)} days here, ${hours.toFixed(0)} hours on one A100`,
  );
}
