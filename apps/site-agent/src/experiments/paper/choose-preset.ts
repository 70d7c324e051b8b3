import type { Config } from '../../config.ts';
import { describeProposal, proposeForFilms } from '../../training/survey.ts';
import { knownOptions } from './folder.ts';
import type { ExperimentOptions } from './plan.ts';
import type { Site } from './sites.ts';

export type ChosenPreset = Pick<ExperimentOptions, 'preset' | 'precision'> & {
  /** In a sentence, where it was chosen now. */
  text?: string;
};

/** What an experiment trains that names no preset: as it began, else what this machine is fit for with so many films. */
export async function choosePreset(
  path: string,
  sites: readonly Site[],
  config: Pick<Config, 'threads' | 'workerEnvironment'>,
): Promise<ChosenPreset> {
  const known = await knownOptions(path);
  if (known) return { preset: known.preset, precision: known.precision };
  const films = sites.reduce((sum, { source }) => sum + (source.count ?? 0), 0);
  const proposal = await proposeForFilms(films, { config, gpu: 'auto' });
  const { preset, precision } = proposal.proposed;
  return { preset, precision, text: describeProposal(proposal) };
}
