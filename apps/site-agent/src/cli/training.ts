import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readTraining } from '../training/settings.ts';
import { describeProposal, proposeForFilms, proposeForHome } from '../training/survey.ts';
import { toTraining, writeTraining } from '../training/write-training.ts';
import { wholeNumber } from './flags.ts';
import { homeOption } from './home-option.ts';

type ProposeFlags = { home: string; films?: number; write?: true; force?: true };

export function addTrainingCommand(program: Command): void {
  program
    .command('training')
    .description('What this site trains (training.json)')
    .command('propose')
    .description('Say which preset fits this machine and the films, and what it would take')
    .addOption(homeOption())
    .option('--films <n>', 'as if the home had so many films', wholeNumber)
    .option('--write', 'write it to training.json')
    .option('--force', 'replace preset and precision in a training.json that is there')
    .action(propose);
}

async function propose({ home: folder, films, write, force }: ProposeFlags): Promise<void> {
  const home = await openHome(folder);
  const settings = await readTraining(home); // one that can't be read is for a person to mend: it holds what the site decided
  const how = { config: readConfig(), gpu: settings?.gpu };
  const labels = settings?.labels ?? DEFAULT_RUN_OPTIONS.labels;
  const proposal = await (films ? proposeForFilms(films, how) : proposeForHome(home, labels, how));
  process.stdout.write(`${describeProposal(proposal)}\n`);
  if (proposal.isGpuProblem) process.stdout.write(`GPU: ${proposal.gpuText}\n`);
  const training = toTraining(proposal, settings);
  if (!write) return void process.stdout.write(`${JSON.stringify(training, null, 2)}\n`);
  await writeTraining(home, training, { replace: force });
  process.stdout.write('training.json is written.\n');
}
