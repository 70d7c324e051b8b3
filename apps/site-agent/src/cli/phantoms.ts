import { writePhantomSite } from '@synspine/dicom';
import type { Command } from 'commander';
import { wholeNumber } from './flags.ts';

export function addPhantomsCommand(program: Command): void {
  program
    .command('phantoms')
    .description(
      'Write procedural spine radiographs as DICOM with labels.csv, to try everything without a patient',
    )
    .requiredOption('--out <dir>', 'folder to write')
    .option('--site <name>', 'names the hospital; each has its own equipment', 'phantom')
    .option('--patients <n>', 'how many', wholeNumber, 60)
    .option('--seed <n>', 'the same seed makes the same bytes', wholeNumber, 1)
    .action(async (flags: { out: string; site: string; patients: number; seed: number }) => {
      const { films, broken } = await writePhantomSite(flags.out, { ...flags, seed: String(flags.seed) });
      process.stdout.write(`${films} films of ${flags.patients} patients, and ${broken} broken files\n`);
    });
}
