import {
  type AuditPolicy,
  type AuditTest,
  counted,
  type Estimate,
  referencePolicy,
  TEST_KEYS,
  type TestKey,
} from '@synspine/audit-rules';
import { honestTests } from '@synspine/audit-rules/honest-audit.fixture';
import type { Lineage, ReleaseManifest } from '@synspine/protocol';
import { CompactSign, importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { signClassifier, verifyClassifier } from './classifier.ts';
import { generateKeyPair, type PrivateJwk, publicJwkOf } from './keys.ts';
import { signAgain, signManifest, verifyManifest } from './manifest.ts';

const within = (statistic: number, half: number) => ({
  statistic,
  ciLow: statistic - half,
  ciHigh: statistic + half,
});
const policy: AuditPolicy = {
  ...referencePolicy,
  accept: [{ test: 'membershipAuc', reason: 'pilot of forty patients', expires: '2026-06-30' }],
};
/** An honest audit by a policy, in which one test stays undecided and is accepted. */
const testsOf = (changed: Partial<Record<TestKey, Estimate>> = {}): AuditTest[] =>
  honestTests(changed, { policy, imageSize: 32 });

const manifest = (): ReleaseManifest => ({
  schema: 'synspine.release/1',
  siteId: 'alder',
  version: 3,
  runId: 'run-01abcdefgh',
  createdAt: '2026-01-02T03:04:05Z',
  agentVersion: '0.1.0',
  tensorflowVersion: '2.21.0',
  preset: 'demo-32',
  imageSize: 32,
  classNames: ['normal', 'abnormal'],
  synthetic: { seed: 7, psi: 0.9, imagesPerClass: [10, 12] },
  training: {
    loss: 'spinegan',
    imagesShown: 80_000,
    fit: 'squeeze',
    films: { train: 300, validation: 50, heldOut: 130 },
    patients: { train: 250, validation: 40, heldOut: 120 },
    refused: [{ code: 'NO_LABEL', count: 4 }],
  },
  holdOutCommitment: 'a'.repeat(64),
  quality: {
    imageSize: 32,
    scores: [
      {
        metric: 'kid',
        protocol: 'kid_inception2015_heldout_n40',
        stratum: 'all',
        value: 0.02,
        ciLow: 0.01,
        ciHigh: 0.03,
        n: 40,
        floor: { value: 0.001, ciLow: 0, ciHigh: 0.002, n: 40 },
      },
    ],
  },
  audit: {
    policyVersion: policy.version,
    policy,
    imageSize: 32,
    decision: 'approve',
    tests: testsOf({ membershipAuc: { statistic: 0.58, ciLow: 0.52, ciHigh: 0.64 } }),
    reasons: ['P6 is undecided and accepted'],
    accepted: policy.accept,
  },
  files: [
    { name: 'generator.safetensors', kind: 'generator', size: 1000, sha256: 'b'.repeat(64) },
    { name: 'images-00000.parquet', kind: 'images', size: 2000, sha256: 'c'.repeat(64) },
  ],
});

type Path = (string | number)[];
function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, v]) => leavesOf(v, [...path, key]));
}
function withChanged(document: ReleaseManifest, path: Path): ReleaseManifest {
  const copy = structuredClone(document) as never;
  const parent = path.slice(0, -1).reduce((at: Record<string | number, never>, key) => at[key]!, copy);
  const old: unknown = parent[path.at(-1)!];
  parent[path.at(-1)!] = (typeof old === 'number' ? old + 1 : old === null ? 'x' : `${old}x`) as never;
  return copy;
}
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

let site: PrivateJwk;
let other: PrivateJwk;
let signed: string;
beforeAll(async () => {
  site = (await generateKeyPair()).privateJwk;
  other = (await generateKeyPair()).privateJwk;
  signed = await signManifest(manifest(), site);
});

const sign = async (payload: string, key: PrivateJwk, header: Record<string, unknown> = {}) =>
  new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'synspine-release+jws', kid: key.kid, ...header })
    .sign(await importJWK(key, 'EdDSA'));

describe('a signed manifest', () => {
  it('is signed again by another key of its site, and stays the same release', async () => {
    expect(await signAgain(signed, site)).toBe(signed);
    const again = await signAgain(signed, other);
    const before = await verifyManifest(signed, publicJwkOf(site));
    expect(await verifyManifest(again, publicJwkOf(other))).toEqual(before);
  });

  it('is verified with the site’s key, alone or among others, and has the hash of its signed bytes', async () => {
    const keys = [publicJwkOf(other), publicJwkOf(site)];
    const outcome = await verifyManifest(signed, keys);
    expect(outcome.manifest).toEqual(manifest());
    expect(outcome).toEqual(await verifyManifest(signed, publicJwkOf(site)));
    expect(outcome.manifestSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the same bytes for the same manifest and key', async () => {
    expect(await signManifest(manifest(), site)).toBe(signed);
  });

  it.each(leavesOf(manifest()).map((path) => [path.join('.'), path] as const))(
    'is refused when %s was changed',
    async (_, path) => {
      const [header, , signature] = signed.split('.');
      const tampered = `${header}.${encode(withChanged(manifest(), path))}.${signature}`;
      await expect(verifyManifest(tampered, publicJwkOf(site))).rejects.toMatchObject({
        code: 'SIGNATURE_INVALID',
      });
    },
  );

  it.each(leavesOf(manifest()).map((path) => [path.join('.'), path] as const))(
    'has another hash when %s was changed and signed again',
    async (_, path) => {
      const again = await sign(JSON.stringify(withChanged(manifest(), path)), site);
      const before = await verifyManifest(signed, publicJwkOf(site));
      const after = await verifyManifest(again, publicJwkOf(site)).catch((e: { code: string }) => e.code);
      if (typeof after === 'string') expect(after).toMatch(/^(MANIFEST_INVALID|AUDIT_NOT_APPROVED)$/);
      else expect(after.manifestSha256).not.toBe(before.manifestSha256);
    },
  );

  it('is refused with another signer’s key, also under the site’s kid', async () => {
    const byOther = await signManifest(manifest(), other);
    const forged = await sign(JSON.stringify(manifest()), other, { kid: site.kid });
    for (const jws of [byOther, forged])
      await expect(verifyManifest(jws, publicJwkOf(site))).rejects.toMatchObject({
        code: 'SIGNATURE_INVALID',
      });
  });

  it.each([
    ['another type', { typ: 'synspine-classifier+jws' }],
    ['no type', { typ: undefined }],
    ['an embedded key', { jwk: { kty: 'OKP' } }],
    ['a critical extension', { crit: ['b64'], b64: true }],
  ])('is refused for a header with %s', async (_, header) => {
    const jws = await sign(JSON.stringify(manifest()), site, header);
    await expect(verifyManifest(jws, publicJwkOf(site))).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('is refused with alg none or with the public key as an HMAC secret', async () => {
    const none = `${encode({ alg: 'none', typ: 'synspine-release+jws', kid: site.kid })}.${encode(manifest())}.AA`;
    const hmac = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'synspine-release+jws', kid: site.kid })
      .sign(Buffer.from(site.x, 'base64url'));
    for (const jws of [none, hmac, '', 'a.b', `${signed}.x`])
      await expect(verifyManifest(jws, publicJwkOf(site))).rejects.toMatchObject({
        code: 'SIGNATURE_INVALID',
      });
  });

  it('is refused when it names a key twice, though the signature fits', async () => {
    const text = JSON.stringify(manifest()).replace('"version":3', '"version":3,"version":4');
    await expect(verifyManifest(await sign(text, site), publicJwkOf(site))).rejects.toMatchObject({
      code: 'DUPLICATE_JSON_KEY',
    });
  });

  const invalid: [string, (m: ReleaseManifest) => unknown][] = [
    ['an unknown field', (m) => ({ ...m, patientName: 'x' })],
    ['a missing field', ({ files: _, ...m }) => m],
    ['a class named twice', (m) => ({ ...m, classNames: ['normal', 'normal'] })],
    ['a count too many', (m) => ({ ...m, synthetic: { ...m.synthetic, imagesPerClass: [1, 2, 3] } })],
    ['a file named twice', (m) => ({ ...m, files: [m.files[0], m.files[1], m.files[1]] })],
    ['no images', (m) => ({ ...m, files: [m.files[0], { ...m.files[1], kind: 'grid' }] })],
    ['two generators', (m) => ({ ...m, files: [...m.files, { ...m.files[0], name: 'g2.safetensors' }] })],
    ['a file name with a path', (m) => ({ ...m, files: [m.files[0], { ...m.files[1], name: '../x' }] })],
  ];
  it.each(invalid)('can be neither signed nor verified with %s', async (_, change) => {
    const changed = change(manifest());
    await expect(signManifest(changed as ReleaseManifest, site)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
    await expect(
      verifyManifest(await sign(JSON.stringify(changed), site), publicJwkOf(site)),
    ).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});

/** An audit as agents before 0.2 wrote them. */
const oldTest = (id: AuditTest['id'], verdict: AuditTest['verdict'] = 'pass'): AuditTest => ({
  id,
  name: `test ${id}`,
  statistic: 0.5,
  ciLow: 0.4,
  ciHigh: verdict === 'undecided' ? 0.7 : 0.6,
  limit: id === 'P0' ? 0.4 : 0.6,
  n: 100,
  patients: 50,
  verdict,
  patientsNeeded: verdict === 'undecided' ? 400 : null,
});
const oldAudit = (change: object = {}) => ({
  policyVersion: 'demo-1',
  decision: 'approve' as const,
  tests: [oldTest('P0'), oldTest('P1'), oldTest('P2', 'undecided'), oldTest('P6')],
  reasons: [],
  acceptedUndecided: { reason: 'a small site, reviewed by its board' },
  ...change,
});

describe('the audit in a manifest', () => {
  type Change = (audit: ReleaseManifest['audit']) => object;
  const changed =
    (key: TestKey, change: Partial<AuditTest>): Change =>
    ({ tests }) => ({ tests: tests.map((test) => (test.key === key ? { ...test, ...change } : test)) });
  const judged =
    (figures: Partial<Record<TestKey, Estimate>>): Change =>
    () => ({ tests: testsOf(figures) });
  const refused: [string, Change][] = [
    ['a reject', () => ({ decision: 'reject' })],
    ['an undecided decision', () => ({ decision: 'undecided' })],
    ['a failed test', judged({ closenessPixels: within(0.7, 0.1) })],
    [
      'a failed test beside an accepted one',
      judged({ membershipAuc: within(0.58, 0.06), nearCopies: counted(1) }),
    ],
    ['an undecided test that nobody accepted', judged({ closenessNetwork: within(0.54, 0.06) })],
    ['an accepted test whose estimate is beyond the limit', judged({ membershipAuc: within(0.61, 0.06) })],
    ['an acceptance that it doesn’t list', () => ({ accepted: [] })],
    [
      'another reason than its policy’s',
      ({ accepted }) => ({ accepted: [{ ...accepted![0], reason: 'none of all' }] }),
    ],
    ['another policy version than its policy’s', () => ({ policyVersion: 'synspine-audit-1' })],
    ['undecided tests accepted as a whole', () => ({ acceptedUndecided: { reason: 'whatever may come' } })],
    ['no policy', () => oldAudit()],
    ...TEST_KEYS.map((key): [string, Change] => [
      `no ${key}`,
      ({ tests }) => ({ tests: tests.filter((test) => test.key !== key) }),
    ]),
    [
      'the word pass on a failure',
      changed('closenessPixels', { statistic: 9, ciLow: 8, ciHigh: 10, limit: 0.1, n: 0 }),
    ],
  ];
  it.each(refused)('is refused with %s, at signing and at verifying', async (name, change) => {
    const audit = { ...manifest().audit, ...change(manifest().audit) };
    const altered = { ...manifest(), audit } as ReleaseManifest;
    await expect(signManifest(altered, site)).rejects.toMatchObject({ code: 'AUDIT_NOT_APPROVED' });
    await expect(
      verifyManifest(await sign(JSON.stringify(altered), site), publicJwkOf(site)),
      name,
    ).rejects.toMatchObject({ code: 'AUDIT_NOT_APPROVED' });
  });

  it('is refused once its acceptance had run out when the manifest was made', async () => {
    const late = { ...manifest(), createdAt: '2026-07-01T00:00:00Z' };
    await expect(signManifest(late, site)).rejects.toMatchObject({ code: 'AUDIT_NOT_APPROVED' });
    const inTime = { ...manifest(), createdAt: '2026-06-30T23:59:59Z' };
    await expect(signManifest(inTime, site)).resolves.toBeTypeOf('string');
  });

  it('of an agent before 0.2 can still be read, as far as its own figures say what it says', async () => {
    const verify = async (audit: object) => {
      const { policy: _, accepted: __, ...rest } = manifest().audit;
      const jws = await sign(JSON.stringify({ ...manifest(), audit: { ...rest, ...audit } }), site);
      return verifyManifest(jws, publicJwkOf(site));
    };
    expect((await verify(oldAudit())).manifest.audit.acceptedUndecided?.reason).toContain('board');
    const lying = { ...oldTest('P1'), statistic: 9, ciLow: 8, ciHigh: 10 };
    const bad: object[] = [
      { acceptedUndecided: null },
      { decision: 'reject' },
      { tests: [oldTest('P0'), oldTest('P1'), oldTest('P2')] },
      { tests: [oldTest('P0'), lying, oldTest('P2'), oldTest('P6')] },
      { tests: [oldTest('P0'), { ...oldTest('P1'), n: 0 }, oldTest('P2'), oldTest('P6')] },
    ];
    for (const change of bad)
      await expect(verify(oldAudit(change))).rejects.toMatchObject({ code: 'AUDIT_NOT_APPROVED' });
  });

  it('must be an approval by its type', () => {
    const rejected = { ...manifest().audit, decision: 'reject' as const };
    // @ts-expect-error a rejected audit is no ApprovedAudit, so no manifest can hold it
    const impossible: ReleaseManifest = { ...manifest(), audit: rejected };
    expect(impossible.audit.decision).toBe('reject');
  });
});

describe('the lineage of a release', () => {
  const judge = { weight: 0.1, imagesShown: 70_000, share: 0.875, lambdaMean: 0.09, heldShare: 0 };
  const facts: Lineage = {
    presetVersion: 2,
    ganLoss: 'logistic',
    precision: 'float32',
    seed: 1,
    imagesPlanned: 84_000,
    judge,
    ancestors: [],
    origin: 'random',
  };
  const curve = {
    protocol: 'inception2015_validation_n20',
    n: 20,
    points: [{ imagesShown: 5_000, fid: 210.5, kid: -0.001, precision: 0.4, recall: 0.1 }],
  };

  it('may be told, with the curve of its training, or not, as by an agent before 0.2', async () => {
    const told: ReleaseManifest = {
      ...manifest(),
      lineage: facts,
      trainingCurve: curve,
    };
    const jws = await signManifest(told, site);
    expect((await verifyManifest(jws, publicJwkOf(site))).manifest).toEqual(told);
    expect((await verifyManifest(signed, publicJwkOf(site))).manifest.lineage).toBeUndefined();
  });

  it.each([
    ['a SpineGAN that no judge was shown to', { judge: null }],
    ['a judge that was shown no image', { judge: { ...judge, imagesShown: 0 } }],
    ['an origin that nobody knows of', { origin: 'a colleague' }],
    ['a path beside the ancestors', { file: '/srv/weights' }],
  ])('is refused with %s', async (_, changed) => {
    const told = { ...manifest(), lineage: { ...facts, ...changed } } as unknown as ReleaseManifest;
    await expect(signManifest(told, site)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});

describe('a signed classifier', () => {
  const descriptor = {
    schema: 'synspine.classifier/1' as const,
    id: '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11',
    trainedOn: 'synthetic:alder',
    architecture: 'small-cnn' as const,
    imageSize: 32,
    seeds: 3,
    releases: [{ siteId: 'alder', version: 1, manifestSha256: 'd'.repeat(64) }],
    weightsSha256: 'e'.repeat(64),
    weightsSize: 1_000,
    createdAt: '2026-01-02T03:04:05Z',
  };

  it('is verified with the benchmark’s key', async () => {
    const jws = await signClassifier(descriptor, site);
    expect((await verifyClassifier(jws, publicJwkOf(site))).descriptor).toEqual(descriptor);
    await expect(verifyClassifier(jws, publicJwkOf(other))).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
  });

  it('is refused when any field was changed, and in a manifest’s place', async () => {
    const [header, , signature] = (await signClassifier(descriptor, site)).split('.');
    for (const path of leavesOf(descriptor)) {
      const tampered = `${header}.${encode(withChanged(descriptor as never, path))}.${signature}`;
      await expect(verifyClassifier(tampered, publicJwkOf(site))).rejects.toMatchObject({
        code: 'SIGNATURE_INVALID',
      });
    }
    await expect(verifyClassifier(signed, publicJwkOf(site))).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
  });

  it('can’t be signed with an unknown architecture', async () => {
    await expect(
      signClassifier({ ...descriptor, architecture: 'evil' as never }, site),
    ).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

describe('a key pair', () => {
  it('gives a public half without the private member', async () => {
    const { privateJwk, publicJwk } = await generateKeyPair();
    expect(privateJwk.d).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Object.keys(publicJwk).sort()).toEqual(['crv', 'kid', 'kty', 'x']);
    expect(publicJwkOf(privateJwk)).toEqual(publicJwk);
  });
});
