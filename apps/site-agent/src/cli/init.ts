import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createClient } from '@synspine/protocol';
import type { Command } from 'commander';
import { writeDurably, writeJson } from '../durable-file.ts';
import { type Enrolment, isEnrolled, openHome } from '../home.ts';
import { makeKey, openKeyedHash } from '../keys.ts';
import { parsePolicy } from '../policy.ts';
import { reachableFetch } from '../registry/open-registry.ts';
import { SiteError } from '../site-error.ts';
import { AGENT_VERSION } from '../version.ts';
import { homeOption } from './home-option.ts';

type InitFlags = { registry: string; code: string; home: string; policy?: string };

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('Make this site’s keys and enrol it at a registry')
    .requiredOption('--registry <url>', 'the registry; the only host that the agent ever calls')
    .requiredOption('--code <code>', 'one-time enrolment code, from the registry’s admin')
    .addOption(homeOption('the agent’s folder; made when missing'))
    .option('--policy <file>', 'the site’s privacy policy, copied into the home')
    .action(init);
}

async function init({ registry, code, home: folder, policy }: InitFlags): Promise<void> {
  const registryUrl = parseUrl(registry);
  const policyText = policy ? await readPolicyFile(policy) : undefined;
  const home = await openHome(folder, { create: true });
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
  const next = existsSync(home.files.policy)
    ? 'ingest films'
    : '`synspine-site policy init`, then ingest films';
  process.stdout.write(`Next: ${next}.\n`);
}

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SiteError('OPTION_INVALID', '--registry takes an http(s) URL');
  }
  return new URL(text).origin;
}

async function readPolicyFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SiteError('OPTION_INVALID', '--policy names no file that can be read');
  });
  parsePolicy(text);
  return text;
}
