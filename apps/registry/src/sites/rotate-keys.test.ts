import { type Client, createClient, type PublicJwk } from '@synspine/protocol';
import {
  createAuthoriser,
  generateKeyPair,
  type PrivateJwk,
  type SignedKeyChange,
  signKeyChange,
  trustedKeys,
  verifyRegistered,
} from '@synspine/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFiles, makeManifest } from '../test-kit/release-kit.ts';
import {
  announce,
  complete,
  publish,
  sendFiles,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let guest: Client;
beforeAll(async () => {
  registry = await startTestRegistry();
  guest = createClient({ baseUrl: registry.url });
});
afterAll(() => registry.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
type Keys = { authKey: PrivateJwk; signingKey: PrivateJwk };
async function makeKeys(): Promise<Keys> {
  const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  return { authKey: auth.privateJwk, signingKey: signing.privateJwk };
}

/** The site with other keys: a new login by the door key that it is given. */
function withKeys(site: TestSite, { authKey, signingKey }: Keys): TestSite {
  const { url: baseUrl } = registry;
  const login = { baseUrl, clientId: site.id, audience: baseUrl, authPrivateJwk: authKey };
  return {
    ...site,
    authKey,
    signingKey,
    client: createClient({ baseUrl, authorise: createAuthoriser(login) }),
  };
}

const send = (site: TestSite, change: SignedKeyChange, compromised = false) =>
  site.client.call('rotateKeys', { body: { ...change, compromised } });
const keysOf = (site: TestSite) => guest.call('siteKeys', { params: { siteId: site.id } });
const manifestOf = async (releaseId: string) =>
  (await registry.admin.call('getManifest', { params: { releaseId } })).manifest;
const rotations = (site: TestSite) =>
  registry.deps.prisma.auditRow.count({ where: { action: 'site.rotate-keys', subject: site.id } });

describe('rotating a site’s keys', () => {
  it('ends the old ones, whose releases go on to verify for those who pinned them', async () => {
    const old = await registry.enrol('rotated');
    const { dataset } = await publish(old);
    const pinned = (await keysOf(old)).keys;
    const site = withKeys(old, await makeKeys());
    await send(old, await signKeyChange(old.id, site, old.signingKey));
    await expect(withKeys(old, old).client.call('latestVersion', {})).rejects.toEqual(code('TOKEN_INVALID'));
    await expect(announce(old, makeManifest(old.id, makeFiles(), { version: 2 }))).rejects.toEqual(
      code('SIGNATURE_INVALID'),
    );
    const { dataset: next } = await publish(site, { version: 2 });
    const trusted = await trustedKeys(old.id, pinned, await keysOf(old));
    for (const { id } of [dataset, next])
      expect((await verifyRegistered(await manifestOf(id), trusted)).manifest.siteId).toBe('rotated');
    expect(await rotations(old)).toBe(1);
  });

  it('is answered alike when it is sent again, by the old token and by the new key', async () => {
    const old = await registry.enrol('repeated');
    const next = await makeKeys();
    const change = await signKeyChange(old.id, next, old.signingKey);
    await Promise.all([send(old, change), send(old, change)]);
    await send(old, change);
    await send(withKeys(old, next), change);
    expect(await rotations(old)).toBe(1);
    expect((await keysOf(old)).keys).toHaveLength(2);
  });

  it('takes a release that was announced before and is signed again', async () => {
    const old = await registry.enrol('resigned');
    const files = makeFiles();
    const manifest = makeManifest(old.id, files);
    const { releaseId } = await announce(old, manifest);
    const site = withKeys(old, await makeKeys());
    await send(old, await signKeyChange(old.id, site, old.signingKey), true);
    expect((await announce(site, manifest)).releaseId).toBe(releaseId);
    await sendFiles(site, releaseId, files);
    await site.client.call('completeRelease', { params: { releaseId } });
    await registry.judge(releaseId);
    await verifyRegistered(await manifestOf(releaseId), await keysOf(site));
  });

  it('away from compromised keys ends their tokens at once, and what they signed unseen', async () => {
    const old = await registry.enrol('leaked');
    const { dataset } = await publish(old);
    const unseen = await complete(old, { version: 2 });
    const site = withKeys(old, await makeKeys());
    await send(old, await signKeyChange(old.id, site, old.signingKey), true);
    await expect(old.client.call('latestVersion', {})).rejects.toEqual(code('TOKEN_INVALID'));
    await expect(registry.judge(unseen.releaseId)).rejects.toEqual(code('RELEASE_WITHDRAWN'));
    const { keys, history } = await keysOf(site);
    expect(keys.map(({ x }) => x)).toEqual([site.signingKey.x]);
    expect(history?.[1]?.onlyManifests).toEqual([dataset.manifestSha256]);
    expect(history?.[0]?.endorsement).toBeNull(); // a thief could have written it as well
  });
});

describe('a rotation is refused', () => {
  let site: TestSite;
  let next: Keys;
  beforeAll(async () => {
    site = await registry.enrol('refused');
    next = await makeKeys();
  });

  it.each<[string, string, () => Promise<SignedKeyChange>]>([
    [
      'that an ended or foreign key signed',
      'SIGNATURE_INVALID',
      async () => signKeyChange(site.id, next, (await makeKeys()).signingKey),
    ],
    ['that the door key signed', 'SIGNATURE_INVALID', () => signKeyChange(site.id, next, site.authKey)],
    ['of another site', 'SITE_MISMATCH', () => signKeyChange('birch', next, site.signingKey)],
    [
      'to one key for both uses',
      'VALIDATION_FAILED',
      () => signKeyChange(site.id, { authKey: next.authKey, signingKey: next.authKey }, site.signingKey),
    ],
    [
      'that keeps the signing key',
      'VALIDATION_FAILED',
      () => signKeyChange(site.id, { ...next, signingKey: site.signingKey }, site.signingKey),
    ],
    [
      'that keeps the door key',
      'VALIDATION_FAILED',
      () => signKeyChange(site.id, { ...next, authKey: site.authKey }, site.signingKey),
    ],
    [
      'whose new key did not sign',
      'SIGNATURE_INVALID',
      async () => {
        const change = await signKeyChange(site.id, next, site.signingKey);
        return { ...change, bySigningKey: change.byOldKey };
      },
    ],
  ])('%s', async (_, expected, make) => {
    await expect(send(site, await make())).rejects.toEqual(code(expected));
    const keys: PublicJwk[] = (await keysOf(site)).keys;
    expect(keys.map(({ x }) => x)).toEqual([site.signingKey.x]);
  });

  it('by a statement whose key has ended, though it was taken once', async () => {
    const old = await registry.enrol('replayed');
    const first = await makeKeys();
    const change = await signKeyChange(old.id, first, old.signingKey);
    await send(old, change);
    const second = await makeKeys();
    await send(withKeys(old, first), await signKeyChange(old.id, second, first.signingKey));
    await expect(send(withKeys(old, second), change)).rejects.toEqual(code('SIGNATURE_INVALID'));
  });
});
