import { writeFile } from 'node:fs/promises';
import { referencePolicy } from '@synspine/privacy';
import { describe, expect, it } from 'vitest';
import { openHome } from './home.ts';
import { parsePolicy, readPolicy } from './policy.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();

const { version, acceptUndecided: _, ...limits } = referencePolicy;
const text = (change: object) => JSON.stringify({ version, limits, ...change });

describe('the policy', () => {
  it('is refused in production when there is no file, and never filled in silently', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    await expect(readPolicy(home, { isProduction: true })).rejects.toMatchObject({ code: 'POLICY_MISSING' });
    expect((await readPolicy(home, { isProduction: false })).privacy).toEqual(referencePolicy);
    await writeFile(home.files.policy, '{}');
    await expect(readPolicy(home, { isProduction: false })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  it('accepts undecided tests only with a reason', () => {
    const reason = 'Pilot of twelve patients, approved by the board';
    expect(parsePolicy(text({ acceptUndecided: { reason } })).privacy.acceptUndecided).toEqual({ reason });
    expect(() => parsePolicy(text({ acceptUndecided: { reason: 'short' } }))).toThrow(/POLICY_INVALID/);
    expect(() => parsePolicy(text({ acceptUndecided: {} }))).toThrow(/POLICY_INVALID/);
  });

  it('names a missing threshold', () => {
    const { membershipAucMax: __, ...rest } = limits;
    expect(() => parsePolicy(text({ limits: rest }))).toThrow(/membershipAucMax/);
  });

  it.each([
    ['unknown fields', text({ surprise: 1 })],
    ['broken JSON', '{'],
  ])('refuses %s', (__, broken) => {
    expect(() => parsePolicy(broken)).toThrow(/POLICY_INVALID/);
  });
});
