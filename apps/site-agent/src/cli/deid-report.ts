import { extname } from 'node:path';
import type { Command } from 'commander';
import { describeReport } from '../de-identification/describe-report.ts';
import { buildReport } from '../de-identification/report.ts';
import { writeDurably, writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { homeOption } from './home-option.ts';

export function addDeidReportCommand(program: Command): void {
  program
    .command('deid-report')
    .description('Write how films are de-identified here, by DICOM PS3.15 Annex E, with this home’s counts')
    .addOption(homeOption())
    .requiredOption('--out <file>', 'the Markdown file; the same as JSON is written beside it')
    .action(async ({ home: folder, out }: { home: string; out: string }) => {
      const report = await buildReport(await openHome(folder), new Date().toISOString());
      const stem = out.slice(0, out.length - extname(out).length);
      await writeDurably(`${stem}.md`, Buffer.from(describeReport(report)));
      await writeJson(`${stem}.json`, report);
      process.stdout.write(`${report.films.ingested} films, ${report.films.masked} with text painted over\n`);
    });
}
