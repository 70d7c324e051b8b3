import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import addCompletion from '@bomb.sh/tab/commander';
import { exitCode as codeOf, routes, tolerateClosedPipe } from '@synspine/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createGrant } from './access/routes.ts';
import { verifyAudit, type WitnessedRow } from './audit/verify-audit.ts';
import { type Config, readConfig } from './config.ts';
import { migrate } from './database/migrate.ts';
import { type Database, openDatabase } from './database/open-database.ts';
import { provideDatabase, requireDatabase } from './database/provide-database.ts';
import { writeOpenApi } from './openapi-document.ts';
import { type Invitation, inviteAgain, inviteSite } from './sites/enrolment.ts';
import { addressOf, startRegistry } from './start-registry.ts';
import { addTakingBack } from './taking-back-commands.ts';
import { VERSION } from './version.ts';

/** The command line; the promise resolves with the exit code when the command has ended. */
export async function main(argv: string[]): Promise<number> {
  tolerateClosedPipe();
  const outcome = readConfig();
  if (!outcome.ok) {
    process.stderr.write(`${outcome.message}\n`);
    return codeOf('configuration');
  }
  let exitCode = 0;
  const program = describeCommands(outcome.config, (code) => {
    exitCode = code;
  });
  await program.parseAsync(argv, { from: 'user' });
  return exitCode;
}

function describeCommands(config: Config, setExitCode: (code: number) => void): Command {
  const program = new Command('synspine-registry').version(VERSION).exitOverride();
  program.description('Keeps signed synthetic radiographs and serves them. Configured by the environment.');
  program
    .command('serve')
    .description('migrate, then listen until SIGTERM or SIGINT')
    .action(async () => setExitCode(await serve(config)));
  program
    .command('migrate')
    .description('bring the database to the newest migration')
    .action(async () => say(await withDatabaseUrl(config, describeMigration)));
  program
    .command('create-admin')
    .description('make an admin and print the token, once')
    .requiredOption('--name <name>', 'whom the token is for')
    .option('--days <days>', 'how long it lasts', (text) => Number.parseInt(text, 10), 366)
    .action(async ({ name, days }: { name: string; days: number }) =>
      say(await withDatabase(config, (prisma) => grant(prisma, { name, days, role: 'admin' }))),
    );
  program
    .command('grant')
    .description('give a person access and print the token, once')
    .requiredOption('--name <name>', 'whom the token is for')
    .addOption(new Option('--role <role>').choices(['researcher', 'admin']).default('researcher'))
    .option('--days <days>', 'how long it lasts', (text) => Number.parseInt(text, 10), 90)
    .action(async (wanted: Grant) => say(await withDatabase(config, (prisma) => grant(prisma, wanted))));
  program
    .command('invite')
    .description(
      'invite a site (or the benchmark): the one-time code, and on standard error what to run with it',
    )
    .argument('<id>', 'a–z, 0–9 and -')
    .option('--name <name>', 'what people call it')
    .addOption(new Option('--kind <kind>').choices(['site', 'benchmark']).default('site'))
    .option('--again', 'a site that is there already: it enrols with new keys and keeps its releases')
    .action(async (id: string, flags: InviteFlags) =>
      tellInvitation(
        await withDatabase(config, (prisma) => invite(prisma, id, flags)),
        addressOf(config),
        flags,
      ),
    );
  addTakingBack(program, { withDatabase: (work) => withDatabase(config, work), say, actor: ACTOR });
  program
    .command('verify-audit')
    .description('recompute the audit trail’s hash chain')
    .option(
      '--head <row:hash…>',
      'rows that sites witnessed: `synspine-site audit-heads` prints them',
      readHead,
      [],
    )
    .action(async ({ head }: { head: WitnessedRow[] }) => {
      const { rows, brokenAt } = await withDatabase(config, (prisma) => verifyAudit(prisma, head));
      say(brokenAt === null ? `${rows} rows, chain intact` : `chain broken at row ${brokenAt}`);
      setExitCode(brokenAt === null ? 0 : 1);
    });
  program
    .command('openapi')
    .description('write the OpenAPI document')
    .requiredOption('--out <file>', 'where to')
    .action(async ({ out }: { out: string }) => writeFileSync(out, await writeOpenApi()));
  addCompletion(program);
  return program;
}

function readHead(text: string, heads: WitnessedRow[]): WitnessedRow[] {
  const [, sequence, hash] = /^([1-9]\d{0,8}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!sequence || !hash) throw new InvalidArgumentError('It takes a row’s number, a colon and its hash.');
  return [...heads, { sequence: Number(sequence), hash }];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function serve(config: Config): Promise<number> {
  const registry = await startRegistry(config);
  say(`Registry ${VERSION} at ${registry.url}`);
  for (const name of SIGNALS) process.on(name, () => undefined); // else a second one would kill
  const code = await Promise.race([nextSignal().then(() => 0), registry.databaseEnded.then(() => 1)]);
  if (code === 1) process.stderr.write('The embedded database ended. Start the registry again.\n');
  await registry.close(code === 1 ? Promise.resolve() : sleep(ONE_PRESS_MS).then(nextSignal));
  return code;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const ONE_PRESS_MS = 1_000; // npx passes on a Ctrl-C that the terminal has sent already

function nextSignal(): Promise<void> {
  return new Promise((stop) => {
    for (const name of SIGNALS) process.once(name, () => stop());
  });
}

async function describeMigration(url: string): Promise<string> {
  const applied = await migrate(url);
  return applied.length === 0 ? 'The database is up to date' : `Applied ${applied.join(', ')}`;
}

type Grant = { name: string; role: 'researcher' | 'admin'; days: number };
const ACTOR = 'command-line';
const clock = () => new Date();

async function grant(prisma: Database, { name, role, days }: Grant): Promise<string> {
  if (!(days >= 1 && days <= 366)) throw usage('--days takes 1 to 366');
  return (await createGrant({ prisma, clock }, { name, role, days }, ACTOR)).token;
}

type InviteFlags = { name?: string; kind: 'site' | 'benchmark'; again?: boolean };

async function invite(prisma: Database, id: string, { name, kind, again }: InviteFlags): Promise<Invitation> {
  if (again) return inviteAgain({ prisma, clock }, id, ACTOR);
  if (name === undefined) throw usage('a new site needs --name');
  const body = routes.createSite.body.safeParse({ id, name, kind });
  if (!body.success) throw usage(body.error.issues[0]?.message);
  return inviteSite({ prisma, clock }, body.data, ACTOR);
}

/** The code alone on standard output, for scripts; for people the command to run there, whole, and until when. */
function tellInvitation(
  { enrolmentCode, expiresAt }: Invitation,
  registryUrl: string,
  { kind, again }: InviteFlags,
): void {
  say(enrolmentCode);
  const enrol =
    kind === 'benchmark' ? 'synspine-benchmark enrol' : `synspine-site init${again ? ' --again' : ''}`;
  process.stderr.write(
    `Until ${expiresAt}, there: ${enrol} --registry ${registryUrl} --code ${enrolmentCode} --home DIR\n`,
  );
}

function usage(message: string | undefined): Error {
  return Object.assign(new Error(message), { code: 'USAGE' });
}

async function withDatabaseUrl<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  const database = await provideDatabase(config);
  try {
    return await work(database.url);
  } finally {
    await database.close();
  }
}

function withDatabase<T>(config: Config, work: (prisma: Database) => Promise<T>): Promise<T> {
  if (requireDatabase(config) === 'new')
    process.stderr.write(`There was no database in ${config.dataDir}. A new one is made.\n`);
  return withDatabaseUrl(config, async (url) => {
    await migrate(url);
    const prisma = openDatabase(url);
    try {
      return await work(prisma);
    } finally {
      await prisma.$disconnect();
    }
  });
}
