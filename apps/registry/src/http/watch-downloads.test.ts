import { randomBytes } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGrant, revokeGrant } from '../access/routes.ts';
import { makeFiles } from '../test-kit/release-kit.ts';
import { publish, startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';
import { DOWNLOAD_CHECK_MS } from './watch-downloads.ts';

const CHECK_MS = 200;
const SHARD_BYTES = 48 * 1024 ** 2; // far more than the sockets of both ends hold
const NAME = 'images-00000.parquet';
let registry: TestRegistry;
let path: string;
beforeAll(async () => {
  registry = await startTestRegistry({ policy: { downloadCheckMs: CHECK_MS } });
  const files = { ...makeFiles(), [NAME]: randomBytes(SHARD_BYTES) };
  const { dataset } = await publish(await registry.enrol('alder'), {}, files);
  path = `/v1/datasets/${dataset.id}/files/${NAME}`;
}, 60_000);
afterAll(() => registry.close());

const grantFor = (days: number) =>
  createGrant(registry.deps, { name: 'A reader', role: 'researcher', days }, 'test');

/** A download that is read in small bites with pauses; `ended` tells how many bytes came, and whether it was cut. */
async function readSlowly(token: string, pauseMs: number) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${registry.url}${path}`, { headers }, resolve).on('error', reject);
  });
  let bytes = 0;
  const ended = (async () => {
    try {
      for await (const chunk of response) {
        bytes += (chunk as Buffer).length;
        await sleep(pauseMs);
      }
      return { bytes, isWhole: true };
    } catch {
      return { bytes, isWhole: false };
    }
  })();
  return { status: response.statusCode, ended };
}

it('ends a slow reader’s download soon after the grant was taken back, and nobody else’s', async () => {
  const [taken, kept] = [await grantFor(30), await grantFor(30)];
  const slow = await readSlowly(taken.token, 100);
  const other = await readSlowly(kept.token, 0);
  expect([slow.status, other.status]).toEqual([200, 200]);
  await revokeGrant(registry.deps, taken.id, 'test');
  const since = performance.now();
  const { bytes, isWhole } = await slow.ended;
  expect(isWhole).toBe(false);
  expect(bytes).toBeLessThan(SHARD_BYTES);
  expect(performance.now() - since).toBeLessThan(CHECK_MS * 2 + 30_000);
  expect(await other.ended).toEqual({ bytes: SHARD_BYTES, isWhole: true });
}, 60_000);

it('ends one whose grant came to its last day meanwhile', async () => {
  const { token } = await grantFor(1);
  const slow = await readSlowly(token, 100);
  registry.shiftClock(86_400_000);
  expect((await slow.ended).isWhole).toBe(false);
  registry.shiftClock(-86_400_000);
}, 60_000);

it('looks at least every 30 s, so that a download ends within a minute', () => {
  expect(DOWNLOAD_CHECK_MS).toBeLessThanOrEqual(30_000);
});
