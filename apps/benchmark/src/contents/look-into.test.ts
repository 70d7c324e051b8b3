import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../release.fixture.ts';
import { lookInto } from './look-into.ts';
import { makeRelease } from './release.fixture.ts';

const STEP_MS = 240_000; // a process that loads TensorFlow, on whatever machine

beforeAll(() => void initCompute({ threads: 1 }));
const limits = { threads: 1, signal: new AbortController().signal };

it(
  'lets an honest release pass, in a process without network and other files, and gives its fingerprints',
  async () => {
    const { dir: folder, manifest } = await makeRelease(await temporaryFolder());
    const answer = await lookInto({ kind: 'check', manifest, folder, others: [] }, limits);
    expect(answer.verdict).toBe('pass');
    expect(answer.confinement).toEqual({ confined: true, readsLimited: true });
    expect(answer.fingerprints?.length).toBe(64 * (32 + 1024));
  },
  STEP_MS,
);

it.each([
  ['memory', { memoryMb: 1 }],
  ['time', { timeoutMs: 1 }],
])(
  'says that contents are unreadable when looking takes more %s than it may',
  async (_, limit) => {
    const { dir: folder, manifest } = await makeRelease(await temporaryFolder());
    const request = { kind: 'check', manifest, folder, others: [] } as const;
    const answer = await lookInto(request, { ...limits, ...limit });
    expect(answer).toMatchObject({ verdict: 'CONTENT_UNREADABLE', fingerprints: null });
  },
  STEP_MS,
);

it(
  'can’t be made to read another folder by links among a release’s files',
  async () => {
    const elsewhere = await makeRelease(await temporaryFolder());
    const { dir: folder, manifest } = await makeRelease(await temporaryFolder());
    await rm(join(folder, 'grid.png'));
    await symlink(join(elsewhere.dir, 'grid.png'), join(folder, 'grid.png'));
    const { verdict } = await lookInto({ kind: 'check', manifest, folder, others: [] }, limits);
    expect(verdict).toBe('CONTENT_UNREADABLE');
  },
  STEP_MS,
);
