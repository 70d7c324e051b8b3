import { type Command, InvalidArgumentError } from 'commander';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { pullIntoHome } from '../sources/dicom-web/pull-into-home.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { homeOption } from './home-option.ts';
import { stopSignal, tellStopped } from './stop-signal.ts';

export function addPullCommand(program: Command): void {
  program
    .command('pull')
    .description('Fetch radiographs from the DICOMweb server in sources.json and ingest them')
    .addOption(homeOption())
    .option('--from <date>', 'first study date, YYYY-MM-DD', studyDate)
    .option('--to <date>', 'last study date, YYYY-MM-DD', studyDate)
    .action(pull);
}

/** As DICOM writes a date. */
function studyDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('expected YYYY-MM-DD');
  return text.replaceAll('-', '');
}

async function pull(flags: { home: string; from?: string; to?: string }): Promise<void> {
  const home = await openHome(flags.home);
  const settings = await readSourceSettings(home);
  if (!settings) throw new SiteError('SOURCES_MISSING');
  const stop = stopSignal();
  const onSeries = ({ series, stored }: { series: number; stored: number }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${series} series, ${stored} films`);
  };
  try {
    const choice = { from: flags.from, to: flags.to, signal: stop.signal, onSeries };
    const counts = await pullIntoHome(home, settings, choice);
    if (process.stderr.isTTY) process.stderr.write('\n');
    process.stdout.write(
      `${counts.series} series found, ${counts.known} of them known; ${counts.ingested} films ingested, ${counts.refused} refused\n`,
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    tellStopped();
  } finally {
    stop.release();
  }
}
