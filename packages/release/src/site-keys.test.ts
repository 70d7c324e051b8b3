import type { KeyPeriod } from '@synspine/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, type PrivateJwk, publicJwkOf } from './keys.ts';
import { signKeyChange, trustedKeys, verifyKeyChange } from './site-keys.ts';

const invalid = expect.objectContaining({ code: 'SIGNATURE_INVALID' });
let old: PrivateJwk;
let auth: PrivateJwk;
let next: PrivateJwk;
let stranger: PrivateJwk;
beforeAll(async () => {
  const pairs = await Promise.all(Array.from({ length: 4 }, generateKeyPair));
  [old, auth, next, stranger] = pairs.map(({ privateJwk }) => privateJwk) as [
    PrivateJwk,
    PrivateJwk,
    PrivateJwk,
    PrivateJwk,
  ];
});
const sign = (by = old, signingKey = next, site = 'alder') =>
  signKeyChange(site, { authKey: auth, signingKey }, by);

describe('a statement of keys', () => {
  it('names the next keys, and is the same bytes each time', async () => {
    const signed = await sign();
    expect(await sign()).toEqual(signed);
    expect(await verifyKeyChange(signed, [publicJwkOf(old)])).toEqual({
      ...{ schema: 'synspine.keys/1', siteId: 'alder' },
      ...{ authKey: publicJwkOf(auth), signingKey: publicJwkOf(next) },
    });
  });

  it('holds no private key', async () => {
    const text = Object.values(await sign()).map((jws) => Buffer.from(jws.split('.')[1]!, 'base64url'));
    for (const { d } of [old, auth, next]) expect(Buffer.concat(text).toString()).not.toContain(d);
  });

  it('is refused unless the old key and both new ones have signed it', async () => {
    const signed = await sign();
    const foreign = await sign(stranger);
    const other = await sign(old, stranger);
    for (const field of ['byOldKey', 'byAuthKey', 'bySigningKey'] as const) {
      const change = { ...signed, [field]: other[field] };
      await expect(verifyKeyChange(change, [publicJwkOf(old)])).rejects.toEqual(invalid);
    }
    await expect(verifyKeyChange(foreign, [publicJwkOf(old)])).rejects.toEqual(invalid);
    await expect(
      verifyKeyChange({ ...signed, byAuthKey: signed.byOldKey }, [publicJwkOf(old)]),
    ).rejects.toEqual(invalid);
  });
});

describe('keys that a registry tells', () => {
  const period = (key: PrivateJwk, from: number, more: Partial<KeyPeriod> = {}): KeyPeriod => ({
    key: publicJwkOf(key),
    from: new Date(from).toISOString(),
    until: null,
    compromisedAt: null,
    ...more,
  });
  const since = new Date(9).toISOString();
  const trust = async (history: KeyPeriod[]) => {
    const keys = history.filter(({ compromisedAt }) => !compromisedAt).map(({ key }) => key);
    return (await trustedKeys('alder', [publicJwkOf(old)], { keys, history })).keys.map(({ x }) => x);
  };

  it('are taken along a line of statements that begins with a pinned key', async () => {
    const [first, second] = [(await sign()).byOldKey, (await sign(next, stranger)).byOldKey];
    const history = [
      period(stranger, 3, { endorsement: second }),
      period(next, 2, { endorsement: first }),
      period(old, 1),
    ];
    expect(await trust(history)).toEqual([stranger.x, next.x, old.x]);
  });

  it.each<[string, () => Promise<string | null>]>([
    ['nothing vouches for', async () => null],
    ['a stranger vouches for', async () => (await sign(stranger)).byOldKey],
    ['that vouches for itself', async () => (await sign()).bySigningKey],
    ['another key’s statement stands beside', async () => (await sign(old, stranger)).byOldKey],
    ['another site’s statement names', async () => (await sign(old, next, 'birch')).byOldKey],
    ['anything stands beside', async () => 'a.b.c'],
  ])('are left out when they are such as %s', async (_, endorsement) => {
    expect(await trust([period(next, 2, { endorsement: await endorsement() }), period(old, 1)])).toEqual([
      old.x,
    ]);
  });

  it('are left out when they are compromised, with those that they name', async () => {
    const endorsement = (await sign()).byOldKey;
    const history = [period(next, 2, { endorsement }), period(old, 1, { compromisedAt: since })];
    expect(await trust(history)).toEqual([]);
  });

  it('of a registry before 0.3.0 are the pinned ones', async () => {
    const { keys } = await trustedKeys('alder', [publicJwkOf(old)], { keys: [publicJwkOf(stranger)] });
    expect(keys).toEqual([publicJwkOf(old)]);
  });
});
