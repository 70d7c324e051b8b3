import { join } from 'node:path';
import { type Client, ProblemError, type PublicJwk } from '@synspine/protocol';
import { trustedKeys } from '@synspine/release';
import { readJson, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';

const UNNAMED = 'benchmark'; // its id where the registry is too old to tell it

type Pin = { benchmarkId?: string; keys: PublicJwk[]; pinnedAt: string };

/**
 * The keys that classifiers must be signed with. They are pinned at their first use, whatever the benchmark is called: a registry
 * that is taken over later can't put its own in their place, nor another benchmark, but it may say that one is compromised. To accept
 * new ones, a person at the site removes the pin. Throws NOT_FOUND while the benchmark has none.
 */
export async function readBenchmarkKeys(
  home: Home,
  client: Client,
  benchmarkId = UNNAMED,
): Promise<readonly PublicJwk[]> {
  const path = join(home.folders.pins, 'benchmark.json');
  const pin = await readJson<Pin>(path);
  const id = pin ? (pin.benchmarkId ?? UNNAMED) : benchmarkId;
  const answer = await client.call('siteKeys', { params: { siteId: id } });
  if (pin) return (await trustedKeys(id, pin.keys, answer)).keys;
  const { keys } = answer;
  if (keys.length === 0) throw new ProblemError('NOT_FOUND', 'the benchmark’s keys');
  await writeJson(path, { benchmarkId, keys, pinnedAt: new Date().toISOString() } satisfies Pin);
  return keys;
}
