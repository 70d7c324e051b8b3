import { join } from 'node:path';
import type { Client, PublicJwk } from '@synspine/protocol';
import { trustedKeys } from '@synspine/release';
import { readJson, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';

const BENCHMARK = 'benchmark'; // the benchmark's id at every registry

type Pin = { keys: PublicJwk[]; pinnedAt: string };

/**
 * The keys that classifiers must be signed with. They are pinned at their first use: a registry that is taken over later
 * can't put its own in their place, but it may say that one is compromised. To accept new ones, a person at the site removes
 * the pin.
 */
export async function readBenchmarkKeys(home: Home, client: Client): Promise<readonly PublicJwk[]> {
  const path = join(home.folders.pins, `${BENCHMARK}.json`);
  const pin = await readJson<Pin>(path);
  const answer = await client.call('siteKeys', { params: { siteId: BENCHMARK } });
  if (pin) return (await trustedKeys(BENCHMARK, pin.keys, answer)).keys;
  const { keys } = answer;
  await writeJson(path, { keys, pinnedAt: new Date().toISOString() } satisfies Pin);
  return keys;
}
