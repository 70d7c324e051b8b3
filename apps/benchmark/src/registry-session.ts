import { existsSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ConnectionError, createClient, ProblemError, type PublicJwk } from '@synspine/protocol';
import {
  createAuthoriser,
  generateKeyPair,
  type PrivateJwk,
  publicJwkOf,
  trustedKeys,
  verifyRegistered,
  writeFileAtomic,
} from '@synspine/release';
import { BenchmarkError } from './benchmark-error.ts';
import { type Home, readJson, writeJson } from './home.ts';
import { BENCHMARK_VERSION } from './version.ts';

export type Enrolment = { clientId: string; registryUrl: string; audience: string };

/** The registry as the benchmark sees it: a REST client like any other, and the key that signs classifiers. */
export type Session = { client: Client; signingKey: PrivateJwk };

/**
 * Exchanges a one-time code for a registration of two keys made here; their private halves never leave the home.
 * Repeating it with the same home is harmless. Throws ALREADY_ENROLLED, REGISTRY_UNREACHABLE or a registry's problem.
 */
export async function enrol(home: Home, registryUrl: string, code: string): Promise<Enrolment> {
  if (existsSync(home.enrolment)) throw new BenchmarkError('ALREADY_ENROLLED');
  const client = createClient({ baseUrl: registryUrl, fetch: reachableFetch });
  const { siteId, audience } = await client.call('enrol', {
    body: {
      code,
      authKey: publicJwkOf(await makeKey(home, 'auth')),
      signingKey: publicJwkOf(await makeKey(home, 'signing')),
      agentVersion: BENCHMARK_VERSION,
    },
  });
  const enrolment: Enrolment = { clientId: siteId, registryUrl, audience };
  await writeJson(home.enrolment, enrolment);
  return enrolment;
}

/** Opens the registry that this home is enrolled at. Throws NOT_ENROLLED or KEY_TOO_OPEN. */
export async function openSession(home: Home): Promise<Session> {
  const enrolment = await readJson<Enrolment>(home.enrolment);
  if (!enrolment) throw new BenchmarkError('NOT_ENROLLED');
  const { registryUrl: baseUrl, clientId, audience } = enrolment;
  const authPrivateJwk = await readKey(home, 'auth');
  const authorise = createAuthoriser({ baseUrl, clientId, audience, authPrivateJwk, fetch: reachableFetch });
  return {
    client: withRetries(createClient({ baseUrl, authorise, fetch: reachableFetch })),
    signingKey: await readKey(home, 'signing'),
  };
}

/**
 * Verifies a site's manifest by its signing keys. They are pinned at their first use: a registry that is taken over later
 * can't put its own in their place. A pinned key may name the next one, and the registry may say that one is compromised; a
 * person who knows of another new key removes the pin. Throws SITE_KEY_CHANGED, or as `verifyRegistered` does.
 */
export async function verifyOfSite(home: Home, client: Client, siteId: string, jws: string) {
  const answer = await client.call('siteKeys', { params: { siteId } });
  const path = join(home.pins, `${siteId}.json`);
  const pin = await readJson<{ keys: PublicJwk[] }>(path);
  const trusted = pin ? await trustedKeys(siteId, pin.keys, answer) : answer;
  const isUnknown = answer.keys.length > 0 && !trusted.keys.some(({ x }) => x === answer.keys[0]!.x);
  const outcome = await verifyRegistered(jws, trusted).catch((cause) => {
    throw isUnknown && cause.code === 'SIGNATURE_INVALID'
      ? new BenchmarkError('SITE_KEY_CHANGED', siteId, { cause })
      : cause;
  });
  const keys = allKeys(pin?.keys ?? [], trusted.keys);
  if (keys.length !== pin?.keys.length) await writeJson(path, { keys });
  return outcome;
}

/** A key stays pinned when it has ended: what it signed comes again after a move to another machine. */
function allKeys(pinned: readonly PublicJwk[], current: readonly PublicJwk[]): PublicJwk[] {
  return [...pinned, ...current.filter(({ x }) => !pinned.some((key) => key.x === x))];
}

const TRIES = 4;
const FIRST_WAIT_MS = 500;

/**
 * Repeats a call that the network or the registry's own trouble cut off, after 0.5, 1 and 2 s. Every call of the
 * benchmark may be repeated; each try carries a proof of its own. After minutes of training the first call often meets
 * a connection that the registry has closed.
 */
function withRetries(client: Client): Client {
  return {
    async call(name, input, extra = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await client.call(name, input, extra);
        } catch (error) {
          if (attempt === TRIES || extra.signal?.aborted || !isTransient(error)) throw error;
        }
        await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
      }
    },
  };
}

function isTransient(error: unknown): boolean {
  if (error instanceof BenchmarkError) return error.code === 'REGISTRY_UNREACHABLE';
  if (error instanceof ConnectionError) return error.code === 'REGISTRY_REDIRECTED'; // a proxy's notice, say
  return error instanceof ProblemError && (error.status >= 500 || error.code === 'RATE_LIMITED');
}

type KeyName = 'auth' | 'signing';

const keyPath = (home: Home, name: KeyName) => join(home.keys, `${name}.json`);

/** An enrolment that was cut off is repeated with the same keys. */
async function makeKey(home: Home, name: KeyName): Promise<PrivateJwk> {
  const path = keyPath(home, name);
  if (existsSync(path)) return readKey(home, name);
  const { privateJwk } = await generateKeyPair();
  await writeFileAtomic(path, Buffer.from(JSON.stringify(privateJwk))); // in a folder that is its owner's alone
  await chmod(path, 0o600);
  return privateJwk;
}

async function readKey(home: Home, name: KeyName): Promise<PrivateJwk> {
  const key = await readJson<PrivateJwk>(keyPath(home, name));
  if (!key) throw new BenchmarkError('NOT_ENROLLED');
  if ((await stat(keyPath(home, name))).mode & 0o077) throw new BenchmarkError('KEY_TOO_OPEN');
  return key;
}

/** `fetch`, but for its untyped network errors: they become REGISTRY_UNREACHABLE. */
const reachableFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init);
  } catch (cause) {
    if (init?.signal?.aborted) throw cause;
    throw new BenchmarkError('REGISTRY_UNREACHABLE', undefined, { cause });
  }
};
