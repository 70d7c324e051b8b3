import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { streamSource } from '../films/ingest-source.ts';
import { readWords } from '../films/label-file/site-words.ts';
import { placesOfLabels, readSource } from '../films/source.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { isZip, streamMedium } from '../sources/media/stream-medium.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { homeOption } from './home-option.ts';
import { type FilmFlags, holdOutOption } from './ingest-flags.ts';
import { takeVerdicts } from './take-verdicts.ts';

export function addIngestCommand(program: Command): void {
  program
    .command('ingest')
    .description('Read a folder or a ZIP of DICOM films into the home; nothing is sent')
    .argument('<folder>', 'folder with DICOM files, read with its subfolders, or a ZIP of them')
    .addOption(homeOption('the agent’s folder; made when missing'))
    .option(
      '--labels <csv>',
      'what was found on each film (labels.csv in the folder, or the annotations of VinDr-SpineXR)',
    )
    .addOption(holdOutOption())
    .option('--json <file>', 'write the verdict on each file, for the site’s own eyes')
    .addOption(
      new Option('--fit <fit>', 'how a film becomes square')
        .choices(['squeeze', 'letterbox', 'centre-square'])
        .default('squeeze'),
    )
    .option('--reread', 'read files again that were decided before and have not changed')
    .action(ingest);
}

async function ingest(folder: string, flags: FilmFlags & { reread?: true }): Promise<void> {
  if (await isZip(folder)) return ingestZip(folder, flags);
  const words = await readWords(join(flags.home, 'labels.json')); // before a home is made for a folder that can't be read
  const source = await readSource(folder, flags.labels, words);
  if (source.labelFiles.length === 0) warnWithoutLabels(placesOfLabels(folder));
  const home = await openHome(flags.home, { create: true });
  const verdicts = flags.reread ? 'renew' : 'keep';
  const keepPublishedHoldOut = flags.holdOut === 'published';
  await takeVerdicts(flags.json, (progress) =>
    streamSource(home, { ...progress, source, fit: flags.fit, keepPublishedHoldOut, verdicts }),
  );
}

async function ingestZip(path: string, flags: FilmFlags): Promise<void> {
  if (flags.holdOut === 'published')
    throw new SiteError('OPTION_INVALID', 'a ZIP has no published parts: unpack VinDr-SpineXR first');
  const home = await openHome(flags.home, { create: true });
  const options = { path, labelFile: flags.labels, fit: flags.fit };
  if (!flags.labels && !(await readSourceSettings(home))) warnWithoutLabels([home.files.sources]);
  await takeVerdicts(flags.json, (progress) => streamMedium(home, { ...progress, ...options }));
}

/** The films are read all the same, and wait for their labels. */
function warnWithoutLabels(places: readonly string[]): void {
  const lines = [
    'There is no label file, so no film has a label: they will wait in quarantine as NO_LABEL.',
    'Looked for:',
    ...places.map((place) => `  ${place}`),
    'Put a label file there, or name one with --labels, then run',
    '`synspine-site quarantine retry --code NO_LABEL`.',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
