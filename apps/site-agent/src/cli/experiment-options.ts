import type { Pretrained } from '@synspine/classifier';
import type { Command } from 'commander';
import type { ExperimentOptions } from '../experiments/paper/plan.ts';
import { errorCode, SiteError } from '../site-error.ts';

export type ExperimentFlags = {
  data: string;
  out: string;
  outside: string[];
  asPublished?: true;
  preset?: string;
  labels?: ExperimentOptions['labels'];
  imagesShown?: number;
  seeds: number;
  classifierSeeds: number;
  syntheticCount: number;
  classifier: ExperimentOptions['architecture'];
  densenetWeights?: string;
  recipe: ExperimentOptions['recipe'];
  classifierSteps?: number;
  psi: number;
  judgeWeight?: number;
  ganLoss?: NonNullable<ExperimentOptions['ganLoss']>;
  precision: ExperimentOptions['precision'];
  fit: ExperimentOptions['fit'];
  fullProtocolImages: number;
  pooledOnly?: true;
  holdOut: 'own' | 'published';
  jobs: number;
};

/** The bytes behind `--densenet-weights`, and their hash. */
export type WeightsFile = { sha256: string; bytes: Uint8Array };

/** What is asked for: the flags, over the paper's settings with `--as-published`. Throws OPTION_INVALID before a film is read. */
export async function toExperimentOptions(
  flags: ExperimentFlags & { preset: string },
  weights: WeightsFile | undefined,
): Promise<ExperimentOptions> {
  const { findPreset, labelsOfPreset } = await import('../presets.ts');
  const preset = findPreset(flags.preset).name;
  return {
    preset,
    labels: flags.labels ?? labelsOfPreset(preset),
    imagesShown: flags.imagesShown ?? null,
    generatorSeeds: flags.seeds,
    classifierSeeds: flags.classifierSeeds,
    syntheticCount: flags.syntheticCount,
    psi: flags.psi,
    architecture: flags.classifier,
    recipe: flags.recipe,
    classifierSteps: flags.classifierSteps ?? null,
    judgeWeight: flags.judgeWeight ?? null,
    ganLoss: flags.ganLoss ?? null,
    precision: flags.precision,
    fit: flags.fit,
    densenetWeights: weights?.sha256 ?? null,
    fullProtocolImages: flags.fullProtocolImages,
    pooledOnly: flags.pooledOnly ?? false,
  };
}

/** The flags, with the paper's settings in place of those that nobody gave. */
export async function applyPublished(flags: ExperimentFlags, command: Command): Promise<ExperimentFlags> {
  if (!flags.asPublished) return flags;
  const { PUBLISHED_FINDINGS_PRESET, PUBLISHED_HOLD_OUT, PUBLISHED_OPTIONS } = await import(
    '../experiments/paper/as-published.ts'
  );
  const { architecture, ...options } = PUBLISHED_OPTIONS;
  const published: Partial<ExperimentFlags> = {
    ...options,
    classifier: architecture,
    holdOut: PUBLISHED_HOLD_OUT,
    ...(flags.labels === 'findings' && { preset: PUBLISHED_FINDINGS_PRESET }),
  };
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  const open = Object.entries(published).filter(([name]) => !isGiven(name));
  return { ...flags, ...Object.fromEntries(open) };
}

/** Reads and checks a file of DenseNet-121's weights. Throws OPTION_INVALID. */
export async function readDensenetWeights(flags: ExperimentFlags): Promise<WeightsFile | undefined> {
  const path = flags.densenetWeights;
  if (path === undefined) return undefined;
  if (flags.classifier !== 'densenet-121')
    throw new SiteError('OPTION_INVALID', '--densenet-weights: the classifier is not densenet-121');
  const [{ createHash }, { readFile }, { loadPretrained }] = await Promise.all([
    import('node:crypto'),
    import('node:fs/promises'),
    import('@synspine/classifier'),
  ]);
  try {
    loadPretrained('densenet-121', path) satisfies Pretrained;
    const bytes = new Uint8Array(await readFile(path));
    return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
  } catch (cause) {
    throw new SiteError('OPTION_INVALID', `--densenet-weights: ${errorCode(cause)}`, { cause });
  }
}
