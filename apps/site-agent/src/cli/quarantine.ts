import { REFUSALS } from '@synspine/dicom';
import type { Command } from 'commander';
import { openCatalogue } from '../films/catalogue.ts';
import { INGEST_REFUSALS, type QuarantineEntry, readQuarantine } from '../films/quarantine.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { homeOption } from './home-option.ts';
import { addRetryCommand } from './quarantine-retry.ts';

const TEXTS: Record<string, string> = { ...REFUSALS, ...INGEST_REFUSALS };

export function addQuarantineCommand(program: Command): void {
  const quarantine = program.command('quarantine').description('Files that were refused, and why');
  quarantine
    .command('list')
    .description('One line a file, with its id and code')
    .addOption(homeOption())
    .action(async ({ home }: { home: string }) => {
      const entries = await readEntries(home);
      const lines = entries.map(({ id, code, stage }) => `${id}  ${code.padEnd(28)}  ${stage}`);
      process.stdout.write(entries.length > 0 ? `${lines.join('\n')}\n` : 'No file is in quarantine.\n');
    });
  quarantine
    .command('show')
    .description('Where a refused file lies and what to do; for the site’s own eyes')
    .argument('<id>', 'from `quarantine list`')
    .addOption(homeOption())
    .action(async (id: string, { home }: { home: string }) => {
      const entry = (await readEntries(home)).find((known) => known.id === id);
      if (!entry) throw new SiteError('OPTION_INVALID', 'no such id in quarantine');
      process.stdout.write(`${describeEntry(entry)}\n`);
    });
  addRetryCommand(quarantine, readEntries);
}

async function readEntries(folder: string): Promise<QuarantineEntry[]> {
  const home = await openHome(folder);
  const hashes = new Set((await openCatalogue(home)).films().map(({ fileSha256 }) => fileSha256));
  return readQuarantine(home, (hash) => hashes.has(hash));
}

function describeEntry(entry: QuarantineEntry): string {
  const { path, folder, count, code, stage, fileSha256, at, selection, labelRow, labelColumn } = entry;
  const { region, regionRule, view, viewRule } = selection ?? {};
  const by = (rule: string | null | undefined) => (rule ? ` (by ${rule})` : '');
  return [
    ...(folder ? [`folder  ${folder}`] : []),
    `file    ${path}`,
    ...(count ? [`files   ${count}`] : []),
    `sha256  ${fileSha256}`,
    `code    ${code}`,
    `stage   ${stage}`,
    ...(region ? [`region  ${region}${by(regionRule)}`] : []),
    ...(view ? [`view    ${view}${by(viewRule)}`] : []),
    ...(labelRow ? [`label   row ${labelRow} of the label file, column ${labelColumn}`] : []),
    `at      ${at}`,
    '',
    TEXTS[code] ?? '',
  ].join('\n');
}
