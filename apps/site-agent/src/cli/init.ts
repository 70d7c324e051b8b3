import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createClient, requireSecure } from '@synspine/protocol';
import { publicJwkOf } from '@synspine/release';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { writeDurably, writeJson } from '../durable-file.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { type Enrolment, type Home, isEnrolled, openHome, readEnrolment } from '../home.ts';
import { makeKey, openKeyedHash } from '../keys.ts';
import { dropNextKeys, makeNextKeys, takeNextKeys } from '../next-keys.ts';
import { parsePolicy } from '../policy.ts';
import { reachableFetch } from '../registry/connect.ts';
import { errorCode, SiteError } from '../site-error.ts';
import { describeProposal, proposeForFilms } from '../training/survey.ts';
import { toTraining, writeTraining } from '../training/write-training.ts';
import { AGENT_VERSION } from '../version.ts';
import { wholeNumber } from './flags.ts';
import { homeOption } from './home-option.ts';

type InitFlags = {
  registry: string;
  code: string;
  home: string;
  policy?: string;
  films?: number;
  again?: boolean;
};

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('Make this site’s keys and enrol it at a registry')
    .requiredOption('--registry <url>', 'the registry; the only host that the agent ever calls')
    .requiredOption('--code <code>', 'one-time enrolment code, from the registry’s admin')
    .addOption(homeOption('the agent’s folder; made when missing'))
    .option('--policy <file>', 'the site’s privacy policy, copied into the home')
    .option('--films <n>', 'how many films there will be, for training.json', wholeNumber)
    .option('--again', 'enrol an enrolled home once more: new keys, the same films, split and releases')
    .action(init);
}

async function init({
  registry,
  code,
  home: folder,
  policy,
  films,
  again = false,
}: InitFlags): Promise<void> {
  const registryUrl = parseUrl(registry);
  const policyText = policy ? await readPolicyFile(policy) : undefined;
  const home = await openHome(folder, { create: true });
  if (isEnrolled(home) && again) return enrolAgain(home, { registryUrl, code });
  if (isEnrolled(home)) throw new SiteError('ALREADY_ENROLLED');
  await openKeyedHash(home);
  const [authKey, signingKey] = [await makeKey(home, 'auth'), await makeKey(home, 'signing')];
  const client = createClient({ baseUrl: registryUrl, fetch: reachableFetch });
  const body = { code, authKey, signingKey, agentVersion: AGENT_VERSION };
  const { siteId, audience } = await client.call('enrol', { body });
  if (policyText) await writeDurably(home.files.policy, policyText);
  const enrolment: Enrolment = { siteId, registryUrl, audience, enrolledAt: new Date().toISOString() };
  await writeJson(home.files.site, enrolment);
  process.stdout.write(
    `Enrolled as ${siteId}. The keys stay in this home; only their public halves were sent.\n`,
  );
  await proposeTraining(home, films);
  const next = existsSync(home.files.policy)
    ? 'ingest films'
    : '`synspine-site policy init`, then ingest films';
  process.stdout.write(`Next: ${next}.\n`);
}

/** Nothing but the keys changes. The present ones stay until the registry has taken the next ones. */
async function enrolAgain(home: Home, to: { registryUrl: string; code: string }): Promise<void> {
  const enrolment = await readEnrolment(home);
  if (enrolment.registryUrl !== to.registryUrl)
    throw new SiteError('OPTION_INVALID', '--again takes the registry that this home is enrolled at');
  const { authKey, signingKey } = await makeNextKeys(home);
  const client = createClient({ baseUrl: to.registryUrl, fetch: reachableFetch });
  const keys = { authKey: publicJwkOf(authKey), signingKey: publicJwkOf(signingKey) };
  const body = { code: to.code, ...keys, agentVersion: AGENT_VERSION };
  const { siteId, audience } = await client.call('enrol', { body });
  if (siteId !== enrolment.siteId) {
    await dropNextKeys(home);
    throw new SiteError(
      'OPTION_INVALID',
      `--code was made for ${siteId}, and this home is ${enrolment.siteId}’s`,
    );
  }
  await takeNextKeys(home);
  await writeJson(home.files.site, { ...enrolment, audience, enrolledAt: new Date().toISOString() });
  process.stdout.write(`Enrolled again as ${siteId}, with new keys. Restart \`serve\` where it runs.\n`);
}

const EXAMPLES = [300, 3_000]; // films, where nobody said how many

/** Writes training.json where there is none, and says what it would take. A machine that can't be looked at yet is no reason to fail. */
async function proposeTraining(home: Home, films: number | undefined): Promise<void> {
  if (existsSync(home.files.training)) return;
  const how = { config: readConfig(), gpu: undefined };
  try {
    const known = films ?? (await openCatalogue(home)).films().length;
    const proposals = await Promise.all((known > 0 ? [known] : EXAMPLES).map((n) => proposeForFilms(n, how)));
    for (const proposal of proposals) process.stdout.write(`Training: ${describeProposal(proposal)}.\n`);
    await writeTraining(home, toTraining(known > 0 ? proposals[0] : undefined));
  } catch (error) {
    process.stdout.write(`Training: this machine could not be looked at (${errorCode(error)}).\n`);
    await writeTraining(home, toTraining(undefined));
  }
  process.stdout.write('training.json in the home says what is trained, and when. Edit it as you like.\n');
}

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SiteError('OPTION_INVALID', '--registry takes an http(s) URL');
  }
  requireSecure(text);
  return new URL(text).origin;
}

async function readPolicyFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SiteError('OPTION_INVALID', '--policy names no file that can be read');
  });
  parsePolicy(text);
  return text;
}
