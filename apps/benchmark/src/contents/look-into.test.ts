import { initCompute } from '@synspine/compute';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../release.fixture.ts';
import { lookInto } from './look-into.ts';
import { makeRelease } from './release.fixture.ts';

beforeAll(() => void initCompute({ threads: 1 }));
const limits = { threads: 1, signal: new AbortController().signal };

it('lets an honest release pass, in a process without network and other files, and gives its fingerprints', async () => {
  const { dir: folder, manifest } = await makeRelease(await temporaryFolder());
  const answer = await lookInto({ kind: 'check', manifest, folder, others: [] }, limits);
  expect(answer.verdict).toBe('pass');
  expect(answer.confinement).toEqual({ confined: true, readsLimited: true });
  expect(answer.fingerprints?.length).toBe(64 * (32 + 1024));
});
