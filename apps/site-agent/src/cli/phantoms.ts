import { type View, writePhantomSite } from '@synspine/dicom';
import { type Command, Option } from 'commander';
import { positiveNumber, share, wholeNumber } from './flags.ts';

type PhantomFlags = {
  out: string;
  site: string;
  patients: number;
  abnormalShare: number;
  seed: number;
  view?: View;
};

export function addPhantomsCommand(program: Command): void {
  program
    .command('phantoms')
    .description(
      'Write procedural spine radiographs as DICOM with labels.csv, to try everything without a patient',
    )
    .requiredOption('--out <dir>', 'folder to write')
    .option('--site <name>', 'names the hospital; each has its own equipment', 'phantom')
    .option('--patients <n>', 'how many', positiveNumber, 60)
    .option(
      '--abnormal-share <share>',
      'of the patients, one finding each; .875 makes all eight labels equal',
      share,
      0.45,
    )
    .addOption(new Option('--view <view>', 'frontal or lateral films only (both)').choices(['AP', 'LAT']))
    .option('--seed <n>', 'the same seed makes the same bytes', wholeNumber, 1)
    .action(async (flags: PhantomFlags) => {
      const { films, broken } = await writePhantomSite(flags.out, { ...flags, seed: String(flags.seed) });
      process.stdout.write(`${films} films of ${flags.patients} patients, and ${broken} broken files\n`);
    });
}
