import { mkdir } from 'node:fs/promises';
import { initCompute } from '@synspine/compute';
import { createSampler, spreadThreads } from '@synspine/gan';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import {
  type FoundGenerator,
  findRunGenerator,
  nameClasses,
  readGeneratorFile,
} from '../generate/find-generator.ts';
import { type Format, generateImages } from '../generate/generate-images.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { share, wholeNumber, withThreads } from './flags.ts';
import { createProgressBar } from './progress-bar.ts';

const COUNT_MAX = 100_000;

type GenerateFlags = {
  home?: string;
  run?: string;
  generator?: string;
  preset?: string;
  class: string;
  count: number;
  psi: number;
  seed: number;
  out: string;
  format: Format | 'both';
  force?: boolean;
  unaudited?: boolean;
  threads?: number;
};

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('Draw synthetic films from a generator whose privacy audit approved')
    .option('--home <dir>', 'the agent’s folder')
    .option('--run <id>', 'whose generator (the newest run’s)')
    .option('--generator <file>', 'a generator’s weights instead, beside their release’s manifest')
    .option('--preset <name>', 'how a generator without a manifest was built')
    .requiredOption('--class <name>', 'of the films, such as abnormal')
    .option('--count <n>', `how many, at most ${COUNT_MAX}`, imageCount, 100)
    .option('--psi <share>', 'truncation, 0 to 1: lower is more typical and less varied', share, 1)
    .option('--seed <n>', 'the same seed draws the same films', wholeNumber, 1)
    .requiredOption('--out <dir>', 'folder to write; made when missing')
    .addOption(
      new Option('--format <kind>', '8-bit gray PNG, DICOM Secondary Capture')
        .choices(['png', 'dicom', 'both'])
        .default('png'),
    )
    .option('--force', 'replace files that are there')
    .option('--unaudited', 'draw from a generator that no audit approved; the files say so')
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .action(generate);
}

function imageCount(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > COUNT_MAX) throw new InvalidArgumentError(`expected 1 to ${COUNT_MAX}`);
  return count;
}

async function generate(flags: GenerateFlags): Promise<void> {
  const found = await findGenerator(flags);
  if (!found.isAudited) warnUnaudited(flags);
  const { threads } = withThreads(readConfig(), flags.threads);
  initCompute(spreadThreads(found.preset, threads));
  const sampler = createSampler(found.weights, found.preset);
  const { className, label } = findClass(nameClasses(found, sampler.classCount), flags.class);
  await mkdir(flags.out, { recursive: true });
  const bar = createProgressBar('images');
  try {
    const { count, psi, seed, out } = flags;
    await generateImages({
      ...{ sampler, size: found.preset.resolution, generatorSha256: found.sha256, label, className },
      ...{ count, psi, seed, out, overwrite: flags.force === true, isAudited: found.isAudited },
      formats: flags.format === 'both' ? ['png', 'dicom'] : [flags.format],
      onProgress: bar.update,
    });
  } finally {
    bar.stop();
    sampler.dispose();
  }
  process.stdout.write(`${flags.count} synthetic films of ${className}\n`);
}

async function findGenerator({ home, run, generator, preset }: GenerateFlags): Promise<FoundGenerator> {
  if (generator) return readGeneratorFile(generator, preset);
  if (!home) throw new SiteError('OPTION_INVALID', 'name a --home or a --generator');
  return findRunGenerator(await openHome(home), run);
}

function warnUnaudited({ unaudited }: GenerateFlags): void {
  if (!unaudited) throw new SiteError('NOT_AUDITED');
  process.stderr.write(
    'WARNING: no privacy audit approved of this generator. Its images may show patients. Keep them inside the site.\n',
  );
}

function findClass(classNames: readonly string[], wanted: string): { className: string; label: number } {
  const label = classNames.findIndex((name) => name.toLowerCase() === wanted.toLowerCase());
  if (label < 0) throw new SiteError('CLASS_UNKNOWN', `classes: ${classNames.join(', ')}`);
  return { className: classNames[label]!, label };
}
