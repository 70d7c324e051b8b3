import { type Grant, WITHDRAWAL_REASON_CODES, type WithdrawalReason } from '@synspine/protocol';
import { type Command, Option } from 'commander';
import { pino } from 'pino';
import { listGrants, revokeGrant } from './access/routes.ts';
import type { Database } from './database/open-database.ts';
import { resumeSite, revokeSite, suspendSite } from './sites/standing.ts';
import { withdrawRelease } from './withdrawals/withdraw-release.ts';

type Tools = {
  withDatabase<T>(work: (prisma: Database) => Promise<T>): Promise<T>;
  say(line: string): void;
  actor: string;
};

const clock = () => new Date();

/** The commands that take back what `invite` and `grant` gave. */
export function addTakingBack(program: Command, tools: Tools): void {
  addSiteCommands(program, tools);
  addWithdraw(program, tools);
  addGrantCommands(program, tools);
}

function addSiteCommands(program: Command, { withDatabase, say, actor }: Tools): void {
  program
    .command('suspend')
    .description('refuse all that a site sends, at once, until it is resumed')
    .argument('<id>', 'the site’s id')
    .action(async (id: string) => {
      await withDatabase((prisma) => suspendSite({ prisma, clock }, id, actor));
      say(`${id} is suspended. Its releases and keys stay; \`resume ${id}\` lets it go on.`);
    });
  program
    .command('resume')
    .description('let a suspended site go on')
    .argument('<id>', 'the site’s id')
    .action(async (id: string) => {
      await withDatabase((prisma) => resumeSite({ prisma, clock }, id, actor));
      say(`${id} goes on with the keys that it has.`);
    });
  program
    .command('revoke')
    .description('end a site’s tokens and keys; its releases stay')
    .argument('<id>', 'the site’s id')
    .option('--compromised', 'its signing key may be in other hands: it vouches only for what is published')
    .action(async (id: string, { compromised = false }: { compromised?: boolean }) => {
      await withDatabase((prisma) => revokeSite({ prisma, clock }, { id, compromised }, actor));
      say(`The keys of ${id} have ended. \`invite ${id} --again\` lets it enrol with new ones.`);
    });
}

function addWithdraw(program: Command, { withDatabase, say, actor }: Tools): void {
  program
    .command('withdraw')
    .description('withdraw a release for good: it is served no more, and a tombstone with the reason is left')
    .argument('<release>', 'the release’s id')
    .addOption(new Option('--reason <code>', 'why').choices(WITHDRAWAL_REASON_CODES).makeOptionMandatory())
    .action(async (releaseId: string, { reason }: { reason: WithdrawalReason }) => {
      const wanted = { releaseId, reason };
      const { siteId, version } = await withDatabase((prisma) =>
        withdrawRelease({ prisma, clock }, wanted, actor),
      );
      say(`Version ${version} of ${siteId} is withdrawn (${reason}).`);
    });
}

function addGrantCommands(program: Command, { withDatabase, say, actor }: Tools): void {
  program
    .command('grants')
    .description('list who has access, the newest first: id, role, state, name')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const log = pino({ base: null }, process.stderr);
      const grants = await withDatabase((prisma) => listGrants({ prisma, log }));
      if (json) say(JSON.stringify(grants, null, 2));
      else for (const grant of grants) say(describeGrant(grant, clock()));
    });
  program
    .command('revoke-grant')
    .description('take a person’s access back, at once')
    .argument('<id>', 'the grant’s id, which `grants` lists')
    .action(async (id: string) => {
      await withDatabase((prisma) => revokeGrant({ prisma, clock }, id, actor));
      say(`Grant ${id} has ended.`);
    });
}

function describeGrant({ id, role, name, expiresAt, revokedAt }: Grant, now: Date): string {
  const day = (at: string) => at.slice(0, 10);
  const ended = new Date(expiresAt) <= now ? `ended ${day(expiresAt)}` : `until ${day(expiresAt)}`;
  return [id, role.padEnd(10), (revokedAt ? `revoked ${day(revokedAt)}` : ended).padEnd(18), name].join('  ');
}
