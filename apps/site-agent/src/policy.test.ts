import { writeFile } from 'node:fs/promises';
import { referencePolicy } from '@synspine/audit-rules';
import { describe, expect, it } from 'vitest';
import { openHome } from './home.ts';
import { announcePolicy, parsePolicy, policyToBegin, readPolicy } from './policy.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();

const { version, limits } = referencePolicy;
const text = (change: object) => JSON.stringify({ version, limits, ...change });
const now = new Date('2026-11-30T12:00:00Z');
const acceptance = {
  test: 'membershipAuc',
  reason: 'Pilot of twelve patients, approved by the board',
  expires: '2027-03-31',
};
const parse = (change: object) => parsePolicy(text(change), now);

describe('the policy', () => {
  it('is always asked for, whatever the environment says, unless the reference policy is named', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const none = { usesReferencePolicy: false };
    await expect(readPolicy(home, none)).rejects.toMatchObject({
      code: 'POLICY_MISSING',
      message: expect.stringContaining('synspine-site policy init'),
    });
    expect((await readPolicy(home, { usesReferencePolicy: true })).privacy).toEqual(referencePolicy);
    await writeFile(home.files.policy, '{}');
    await expect(readPolicy(home, none)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  it('is never in doubt: a file and --reference-policy exclude each other', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    await writeFile(home.files.policy, text({}));
    const asked = readPolicy(home, { usesReferencePolicy: true });
    await expect(asked).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('accepts undecided tests only by name, with a reason and a day within a year', () => {
    expect(parse({ accept: [acceptance] }).privacy.accept).toEqual([acceptance]);
    const bad: object[] = [
      { ...acceptance, test: 'all' },
      { ...acceptance, test: 'planted' },
      { ...acceptance, test: 'nearCopies' },
      { ...acceptance, reason: 'short' },
      { ...acceptance, reason: '         ' },
      { ...acceptance, expires: 'never' },
      { ...acceptance, expires: '2027-02-30' },
      { ...acceptance, expires: '2027-12-02' },
      { test: acceptance.test, reason: acceptance.reason },
    ];
    for (const accepted of bad) expect(() => parse({ accept: [accepted] })).toThrow(/POLICY_INVALID.*accept/);
    expect(() => parse({ accept: [acceptance, acceptance] })).toThrow(/accepted twice/);
  });

  it('of before, which accepted whatever was undecided, is refused with the next step', () => {
    const old = { acceptUndecided: { reason: 'fewer patients than the audit can resolve' } };
    expect(() => parse(old)).toThrow(/POLICY_INVALID.*acceptUndecided.*list each accepted test/);
    expect(() => parse({ acceptUndecided: null })).toThrow(/POLICY_INVALID/);
  });

  it('is refused for rules that nobody knows', () => {
    for (const unknown of ['demo-1', 'synspine-audit-1', 'synspine-audit-3', ''])
      expect(() => parse({ version: unknown })).toThrow(/POLICY_INVALID.*version/);
  });

  it('holds each limit within its range, wider only for a demonstration', () => {
    const withLimit = (change: object, rest: object = {}) =>
      parse({ limits: { ...limits, ...change }, ...rest });
    expect(withLimit({ closenessShareMax: 0.5, membershipAucMax: 0.75 }).privacy.demonstration).toBe(false);
    for (const change of [
      { closenessShareMax: 0.499 },
      { closenessShareMax: 0.751 },
      { closenessShareMax: '0.55' },
      { membershipAucMax: 1 },
      { membershipRateMax: 0.001 },
      { plantedFoundMin: 0.5 },
      { nearCopiesMax: 3 },
      { nearCopyTail: 0 },
      { nearCopyTail: 1e-300 },
      { nearCopyTail: 0.011 },
      { closenesShareMax: 0.55 },
    ])
      expect(() => withLimit(change)).toThrow(/POLICY_INVALID.*limits/);
    expect(withLimit({ membershipAucMax: 0.9 }, { demonstration: true }).privacy.demonstration).toBe(true);
    expect(() => withLimit({ nearCopiesMax: 1 }, { demonstration: true })).toThrow(/POLICY_INVALID/);
  });

  it('to begin with is Synspine’s own, accepts nothing and says a word on each field', () => {
    const begin = policyToBegin();
    expect(parsePolicy(begin).privacy).toEqual(referencePolicy);
    const { $comment, version: _, limits: named, ...rest } = JSON.parse(begin);
    for (const field of [...Object.keys(named), ...Object.keys(rest)])
      expect($comment.join('\n')).toContain(`${field}: `);
  });

  it('of a demonstration stops a run at once where the registry is not on this machine', () => {
    const policy = parse({ demonstration: true });
    expect(() => announcePolicy(policy, 'https://registry.example.org')).toThrow(/POLICY_DEMONSTRATION/);
    expect(() => announcePolicy(policy, 'http://127.0.0.1:8080')).not.toThrow();
    expect(() => announcePolicy(parse({}), 'https://registry.example.org')).not.toThrow();
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

it('refuses a name that stands twice: readers would go by different limits', () => {
  const text = JSON.stringify({ version: 'synspine-audit-2', limits: {} }).replace('{}', '{}, "limits": {}');
  expect(() => parsePolicy(text)).toThrow(/POLICY_INVALID.*twice/);
});
