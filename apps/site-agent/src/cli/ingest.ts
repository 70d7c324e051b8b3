import { type Command, Option } from 'commander';
import { writeJson } from '../durable-file.ts';
import type { IngestVerdict } from '../films/ingest-folder.ts';
import { ingestSource } from '../films/ingest-source.ts';
import { countRefusals } from '../films/quarantine.ts';
import { readSource } from '../films/source.ts';
import { openHome } from '../home.ts';
import { createProgressBar } from './progress-bar.ts';

type IngestFlags = {
  home: string;
  labels?: string;
  holdOut: 'own' | 'published';
  json?: string;
  fit: 'centre-square' | 'letterbox' | 'squeeze';
};

export function addIngestCommand(program: Command): void {
  program
    .command('ingest')
    .description('Read a folder of DICOM films into the home; nothing is sent')
    .argument('<folder>', 'folder with DICOM files, read with its subfolders')
    .requiredOption('--home <dir>', 'the agent’s folder; made when missing')
    .option(
      '--labels <csv>',
      'what was found on each film (labels.csv in the folder, or the annotations of VinDr-SpineXR)',
    )
    .addOption(
      new Option(
        '--hold-out <whose>',
        'choose the sealed films here, or take the test films of VinDr-SpineXR',
      )
        .choices(['own', 'published'])
        .default('own'),
    )
    .option('--json <file>', 'write the verdict on each file, for the site’s own eyes')
    .addOption(
      new Option('--fit <fit>', 'how a film becomes square')
        .choices(['squeeze', 'letterbox', 'centre-square'])
        .default('squeeze'),
    )
    .action(ingest);
}

async function ingest(folder: string, flags: IngestFlags): Promise<void> {
  const source = await readSource(folder, flags.labels);
  const home = await openHome(flags.home, { create: true });
  const bar = createProgressBar('films');
  try {
    const keepPublishedHoldOut = flags.holdOut === 'published';
    const options = { source, fit: flags.fit, keepPublishedHoldOut, onProgress: bar.update };
    const verdicts = await ingestSource(home, options);
    bar.stop();
    if (flags.json) await writeJson(flags.json, verdicts);
    process.stdout.write(`${summarise(verdicts)}\n`);
  } finally {
    bar.stop();
  }
}

function summarise(verdicts: readonly IngestVerdict[]): string {
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused');
  const codes = countRefusals(refused.map(({ code }) => ({ code: code! })));
  const lines = codes.map(({ code, count }) => `  ${code} ${count}`);
  const next = refused.length > 0 ? ['See `synspine-site quarantine list` for what to do about them.'] : [];
  return [
    `${verdicts.length - refused.length} films ingested, ${refused.length} refused`,
    ...lines,
    ...next,
  ].join('\n');
}
