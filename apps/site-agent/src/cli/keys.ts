import type { Command } from 'commander';
import { openHome } from '../home.ts';
import { rotateKeys } from '../registry/rotate-keys.ts';
import { homeOption } from './home-option.ts';

export function addKeysCommand(program: Command): void {
  program
    .command('keys')
    .description('This site’s keys at the registry')
    .command('rotate')
    .description('Make new keys; the old ones vouch for them and end. After a cut, the same command goes on')
    .option('--compromised', 'the old ones may be in other hands: they vouch only for what is published')
    .addOption(homeOption())
    .action(rotate);
}

async function rotate({ home, compromised }: { home: string; compromised?: boolean }): Promise<void> {
  await rotateKeys(await openHome(home), { compromised: compromised === true });
  process.stdout.write(
    compromised
      ? 'New keys are in place, and the old ones are reported. Restart `serve` where it runs.\n'
      : 'New keys are in place. `serve` takes them by itself within ten minutes.\n',
  );
}
