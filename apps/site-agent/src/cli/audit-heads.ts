import type { Command } from 'commander';
import { openHome } from '../home.ts';
import { listAuditHeads } from '../registry/audit-heads.ts';
import { homeOption } from './home-option.ts';

export function addAuditHeadsCommand(program: Command): void {
  program
    .command('audit-heads')
    .description(
      'Print the rows of the registry’s audit trail that this site witnessed, for `synspine-registry verify-audit --head`',
    )
    .addOption(homeOption())
    .option('--json', 'as JSON')
    .action(printHeads);
}

async function printHeads({ home, json }: { home: string; json?: boolean }): Promise<void> {
  const heads = await listAuditHeads(await openHome(home));
  if (json) return void process.stdout.write(`${JSON.stringify(heads, null, 2)}\n`);
  if (heads.length === 0)
    return void process.stdout.write('None yet. An enrolled site keeps one a day while its agent runs.\n');
  for (const { sequence, hash, at } of heads) process.stdout.write(`${sequence}:${hash}  ${at}\n`);
}
