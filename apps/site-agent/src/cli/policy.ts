import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { writeOnce } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { policyToBegin } from '../policy.ts';
import { SiteError } from '../site-error.ts';
import { homeOption } from './home-option.ts';

export function addPolicyCommand(program: Command): void {
  const policy = program.command('policy').description('The site’s privacy policy');
  policy
    .command('init')
    .description('Write policy.json with Synspine’s own limits and nothing accepted; never overwrites')
    .addOption(homeOption('the agent’s folder; made when missing'))
    .action(initPolicy);
}

/** Writes the policy to begin with. Throws POLICY_EXISTS. */
async function initPolicy({ home: folder }: { home: string }): Promise<void> {
  const home = await openHome(folder, { create: true });
  if (existsSync(home.files.policy)) throw new SiteError('POLICY_EXISTS');
  await writeOnce(home.files.policy, policyToBegin());
  process.stdout.write(
    'policy.json is in the home. Its limits are Synspine’s own and it accepts nothing: read it, and have it signed off.\n',
  );
}
