import type { Lineage } from '@synspine/protocol';
import { presetOfRun } from '../../presets.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import type { TrainOutput } from '../train/output.ts';
import { ancestryOf } from '../train/start-weights.ts';

/** What the release's weights came of; undefined for those that Synspine 0.1.0 trained, which kept too little. */
export async function describeLineage(
  { options, folders }: Pick<RunFolder, 'options' | 'folders'>,
  { presetVersion, chosen, imagesPlanned }: TrainOutput,
): Promise<Lineage | undefined> {
  if (presetVersion === undefined) return undefined;
  const preset = presetOfRun(options);
  const weight = options.judgeWeight ?? preset.judge.lambda;
  return {
    ...(await ancestryOf(folders.checkpoints, options.initFrom, preset)),
    presetVersion,
    ganLoss: preset.loss,
    precision: options.precision ?? 'float32',
    seed: options.seed,
    imagesPlanned,
    judge: chosen.judge ? { weight, ...chosen.judge } : null,
  };
}
