import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { receiveFilms } from '../sources/receive-films.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

export function addReceiveCommand(program: Command): void {
  program
    .command('receive')
    .description('Take films from the sources in sources.json (C-STORE, STOW-RS, folders) until stopped')
    .addOption(homeOption('the agent’s folder; made when missing'))
    .action(receive);
}

async function receive(flags: { home: string }): Promise<void> {
  const config = readConfig();
  const home = await openHome(flags.home, { create: true });
  const settings = await readSourceSettings(home);
  if (!settings) throw new SiteError('SOURCES_MISSING');
  const stop = stopSignal();
  try {
    const { dicomPort, stowPort, done } = await receiveFilms({
      ...{ home, settings },
      ...{ log: openLog(home, config), signal: stop.signal },
    });
    const ports = [dicomPort && `DICOM on port ${dicomPort}`, stowPort && `STOW-RS on port ${stowPort}`];
    const places = [...ports.filter(Boolean), `${settings.folders.length} watched folders`];
    process.stdout.write(`receiving: ${places.join(', ')}\n`);
    await done;
  } finally {
    stop.release();
  }
}
