import {
  type AuditPolicy,
  type AuditTest,
  counted,
  referencePolicy,
  TEST_KEYS,
  type TestKey,
} from '@synspine/audit-rules';
import { honestTests, plantedKinds } from '@synspine/audit-rules/honest-audit.fixture';
import { createClient, type ReleaseManifest } from '@synspine/protocol';
import { CompactSign, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approval, makeFiles, makeManifest } from '../test-kit/release-kit.ts';
import { announce, startTestRegistry, type TestRegistry, type TestSite } from '../test-kit/test-registry.ts';
import { requireTakeable } from './require-takeable.ts';

let registry: TestRegistry;
let site: TestSite;
beforeAll(async () => {
  registry = await startTestRegistry({ policy: { agentVersionMin: '0.1.5' } });
  site = await registry.enrol('alder', 'site', '0.2.0');
});
afterAll(() => registry.close());

/** Signs what no agent would and sends it: the signature is right, the contents aren't. */
async function send(manifest: object): Promise<unknown> {
  const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(manifest)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'synspine-release+jws', kid: site.signingKey.kid! })
    .sign(await importJWK(site.signingKey, 'EdDSA'));
  const headers = { 'idempotency-key': crypto.randomUUID() };
  return site.client.call('createRelease', { headers, body: { manifest: jws } });
}

const manifest = (change: Partial<ReleaseManifest> = {}) =>
  makeManifest(site.id, makeFiles(), {
    agentVersion: '0.2.0',
    createdAt: registry.deps.clock().toISOString(),
    ...change,
  });
/** A day so many days from now, as YYYY-MM-DD. */
const dayAfter = (days: number, from = registry.deps.clock()) =>
  new Date(from.getTime() + days * 86_400_000).toISOString().slice(0, 10);
const sendAudit = (change: object) => send({ ...manifest(), audit: { ...approval, ...change } });
const refusal = expect.objectContaining({
  code: expect.stringMatching(/^(AUDIT_NOT_APPROVED|MANIFEST_INVALID)$/),
});
const code = (expected: string) => expect.objectContaining({ code: expected });

const changeTest = (key: TestKey, change: object) => ({
  tests: approval.tests.map((test) => (test.key === key ? { ...test, ...change } : test)),
});

it('takes the manifest that every hostile one is made from', async () => {
  await expect(sendAudit({})).resolves.toMatchObject({ status: 'uploading' });
});

it('refuses an audit whose every test says statistic 9, limit .1, n 0 and the verdict pass', async () => {
  const lies = { statistic: 9, ciLow: 9, ciHigh: 9, limit: 0.1, n: 0, verdict: 'pass' };
  await expect(sendAudit({ tests: approval.tests.map((test) => ({ ...test, ...lies })) })).rejects.toEqual(
    refusal,
  );
});

describe('a test’s figures', () => {
  // One lie for each field of a test, told of every test of the battery.
  const lies: Record<keyof AuditTest, (test: AuditTest) => unknown> = {
    key: ({ key }) => (key === 'planted' ? 'nearCopies' : 'planted'),
    id: () => 'P8',
    name: ({ name }) => `${name} `,
    statistic: ({ ciHigh }) => ciHigh + 0.01,
    ciLow: ({ statistic }) => statistic + 0.001,
    ciHigh: () => 1.5,
    limit: ({ limit }) => limit + 0.01,
    n: () => 3,
    patients: () => 3,
    verdict: () => 'undecided',
    patientsNeeded: () => 5_000,
    details: () => [{ kind: 'shift', strength: '4 px', found: 9, planted: 90, recognisable: true }],
  };
  const all = TEST_KEYS.flatMap((key) =>
    Object.keys(lies).map((field) => [key, field as keyof AuditTest] as const),
  );

  it.each(all)('%s with another %s are refused', async (key, field) => {
    const test = approval.tests.find((one) => one.key === key)!;
    await expect(sendAudit(changeTest(key, { [field]: lies[field](test) }))).rejects.toEqual(refusal);
  });

  it.each(TEST_KEYS)('%s without its key, left out, doubled or not a number are refused', async (key) => {
    const test = approval.tests.find((one) => one.key === key)!;
    const { key: _, ...nameless } = test;
    const rest = approval.tests.filter((one) => one.key !== key);
    for (const tests of [[...rest, nameless], rest, [...approval.tests, test]])
      await expect(sendAudit({ tests })).rejects.toEqual(refusal);
    for (const value of [null, '0.5', -1])
      await expect(sendAudit(changeTest(key, { statistic: value }))).rejects.toEqual(refusal);
  });

  it('of a failed test with the word pass beside them are refused, and with the word fail', async () => {
    const { tests } = {
      tests: honestTests({ membershipAuc: { statistic: 0.8, ciLow: 0.7, ciHigh: 0.9 } }),
    };
    await expect(sendAudit({ tests })).rejects.toEqual(refusal);
    const lying = tests.map((test) => ({ ...test, verdict: 'pass' }));
    await expect(sendAudit({ tests: lying })).rejects.toEqual(refusal);
    const copies = honestTests({ nearCopies: counted(30) }).map((test) => ({ ...test, verdict: 'pass' }));
    await expect(sendAudit({ tests: copies })).rejects.toEqual(refusal);
  });
});

describe('planted copies by kind', () => {
  const kind = (change: object) => ({ ...plantedKinds()[0]!, strength: '4 px', ...change });
  const planted = (details: { found: number; planted: number }[], lowest = 0.97) => {
    const n = details.reduce((sum, each) => sum + each.planted, 0);
    return changeTest('planted', { details, n, statistic: lowest, ciLow: lowest, ciHigh: lowest });
  };
  const send970 = (...more: ReturnType<typeof plantedKinds>) =>
    sendAudit(planted([...plantedKinds(0.97), ...more]));

  it('are taken where the statistic is the lowest share of a recognisable kind', async () => {
    await expect(send970(kind({ found: 2, recognisable: false }))).resolves.toMatchObject({
      status: 'uploading',
    });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a recognisable kind found less often', () => send970(kind({ found: 200 }))],
    ['more found than planted', () => send970(kind({ found: 1_001 }))],
    ['a kind and strength named twice', () => send970(kind({}), kind({}))],
    ['a kind with a name that could carry text', () => send970(kind({ kind: 'ZZ CANARY' }))],
    ['a kind that was never planted', () => sendAudit(planted(plantedKinds(0.97).slice(1)))],
    ['no kinds at all', () => sendAudit(changeTest('planted', { details: undefined }))],
    [
      'another number than n',
      () => sendAudit(changeTest('planted', { ...planted(plantedKinds()).tests[0], n: 90 })),
    ],
    [
      'no recognisable kind',
      () => sendAudit(planted(plantedKinds(0.97).map((each) => ({ ...each, recognisable: false })))),
    ],
  ])('are refused with %s', async (_, attempt) => {
    await expect(attempt()).rejects.toEqual(refusal);
  });

  it('may be missed more often in images below 64 pixels, and in no others', async () => {
    const tests = (imageSize: number) =>
      honestTests({ planted: counted(0.85) }, { policy: referencePolicy, imageSize });
    const sized = (imageSize: number, of = imageSize) =>
      send({ ...manifest({ imageSize }), audit: { ...approval, imageSize: of, tests: tests(of) } });
    await expect(sized(32)).resolves.toMatchObject({ status: 'uploading' });
    await expect(sized(63)).resolves.toMatchObject({ status: 'uploading' });
    await expect(sized(64)).rejects.toEqual(refusal);
    await expect(sized(64, 32)).rejects.toEqual(refusal); // an audit of smaller images than the released ones
    await expect(sendAudit({ imageSize: undefined })).rejects.toEqual(refusal);
  });
});

it('refuses an audit that screened fewer images for copies than are released', async () => {
  const releasing = (...imagesPerClass: number[]) => {
    const classes = imagesPerClass.map((drawn) => ({ drawn, rejected: '', rejections: [] }));
    const { seed, psi } = manifest().synthetic;
    return { synthetic: { seed, psi, imagesPerClass, candidates: { stride: 256, classes } } };
  };
  await expect(send(manifest(releasing(200, 201)))).rejects.toEqual(code('MANIFEST_INVALID'));
  await expect(send(manifest(releasing(200, 200)))).resolves.toMatchObject({ status: 'uploading' });
});

describe('an audit’s policy', () => {
  const judgedBy = (change: Partial<AuditPolicy>, more: object = {}) => {
    const policy = { ...referencePolicy, ...change };
    return sendAudit({
      policy,
      policyVersion: policy.version,
      tests: honestTests({}, { policy, imageSize: 32 }),
      ...more,
    });
  };
  const limits = (change: object) => ({ limits: { ...referencePolicy.limits, ...change } });

  it('may be stricter than ours, or wider within the ranges', async () => {
    await expect(judgedBy(limits({ membershipAucMax: 0.75 }))).resolves.toBeTruthy();
    await expect(judgedBy(limits({ membershipAucMax: 0.59 }))).resolves.toBeTruthy();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['is missing', () => sendAudit({ policy: null })],
    ['is of an unknown version', () => judgedBy({ version: 'synspine-audit-9' as never })],
    ['is of another version than it says', () => sendAudit({ policyVersion: 'synspine-audit-9' })],
    ['has a limit beyond its range', () => judgedBy(limits({ membershipAucMax: 0.76 }))],
    ['has a limit that can’t fail anything', () => judgedBy(limits({ closenessShareMax: 1 }))],
    ['lets copies through', () => judgedBy(limits({ nearCopiesMax: 5 }))],
    ['has a positive control that may miss most', () => judgedBy(limits({ plantedFoundMin: 0.1 }))],
    [
      'has another limit than a test',
      () => sendAudit({ policy: { ...referencePolicy, ...limits({ membershipAucMax: 0.7 }) } }),
    ],
    ['has a field that nobody knows', () => judgedBy({ surprise: true } as never)],
    [
      'accepts whatever is undecided',
      () => sendAudit({ acceptedUndecided: { reason: 'whatever may come' } }),
    ],
  ])('is refused when it %s', async (_, attempt) => {
    await expect(attempt()).rejects.toEqual(refusal);
  });

  const accept = (test: TestKey, expires = dayAfter(90)) => [
    { test, reason: 'a pilot of forty patients', expires },
  ];
  const undecided = { membershipAuc: { statistic: 0.59, ciLow: 0.5, ciHigh: 0.68 } };
  const accepting = (
    list: object[],
    figures: Parameters<typeof honestTests>[0] = undecided,
    accepted = list,
  ) => {
    const policy = { ...referencePolicy, accept: list } as AuditPolicy;
    return sendAudit({ policy, tests: honestTests(figures, { policy, imageSize: 32 }), accepted });
  };

  it('is taken with an undecided test that it accepts by name, the estimate being within the limit', async () => {
    await expect(accepting(accept('membershipAuc'))).resolves.toMatchObject({ status: 'uploading' });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['nothing', () => accepting([])],
    ['another test', () => accepting(accept('membershipRate'))],
    ['the positive control', () => accepting(accept('planted'))],
    ['near copies', () => accepting(accept('nearCopies'))],
    ['a test until yesterday', () => accepting(accept('membershipAuc', dayAfter(-1)))],
    ['a test for longer than a year', () => accepting(accept('membershipAuc', dayAfter(400)))],
    ['a test without listing it', () => accepting(accept('membershipAuc'), undecided, [])],
    [
      'a test, and lists one that passed',
      () => accepting(accept('membershipRate'), {}, accept('membershipRate')),
    ],
    [
      'a test whose estimate is beyond the limit',
      () =>
        accepting(accept('membershipAuc'), { membershipAuc: { statistic: 0.61, ciLow: 0.5, ciHigh: 0.68 } }),
    ],
  ])('is refused when an undecided test meets a policy that accepts %s', async (_, attempt) => {
    await expect(attempt()).rejects.toEqual(refusal);
  });

  it('is refused once its acceptance has run out by the registry’s clock, whatever date the manifest has', () => {
    const policy = { ...referencePolicy, accept: accept('membershipAuc') } as AuditPolicy;
    const audit = {
      ...approval,
      policy,
      tests: honestTests(undecided, { policy, imageSize: 32 }),
      accepted: policy.accept,
    };
    const config = { agentVersionMin: '0.1.5', takesDemonstrations: false };
    const take = (now: string) => requireTakeable(manifest({ audit }), config, new Date(now));
    const lastDay = policy.accept[0]!.expires;
    expect(() => take(`${lastDay}T23:59:59Z`)).not.toThrow();
    expect(() => take(dayAfter(1, new Date(lastDay)))).toThrow(/AUDIT_NOT_APPROVED/);
  });
});

describe('a demonstration', () => {
  const policy: AuditPolicy = {
    ...referencePolicy,
    limits: { ...referencePolicy.limits, closenessShareMax: 1, membershipAucMax: 0.9, membershipRateMax: 1 },
    demonstration: true,
  };
  const audit = () => ({ ...approval, policy, tests: honestTests({}, { policy, imageSize: 32 }) });

  it('is refused, and taken only where the registry is on loopback', async () => {
    await expect(send({ ...manifest(), audit: audit() })).rejects.toEqual(code('DEMONSTRATION_REFUSED'));
    registry.deps.config.takesDemonstrations = true;
    await expect(send({ ...manifest(), audit: audit() })).resolves.toMatchObject({ status: 'uploading' });
    registry.deps.config.takesDemonstrations = false;
  });

  it('can’t hide its limits by leaving the mark out', async () => {
    const unmarked = { ...policy, demonstration: false };
    await expect(sendAudit({ policy: unmarked, tests: audit().tests })).rejects.toEqual(refusal);
  });
});

describe('a manifest that can’t be true', () => {
  const { training, lineage, synthetic } = makeManifest('alder', makeFiles());
  const trained = (change: object) => ({ training: { ...training, ...change } });
  const told = (change: object) => ({ lineage: { ...lineage!, ...change } });
  const score = {
    metric: 'precision',
    protocol: 'x',
    stratum: 'all',
    value: 0.5,
    ciLow: 0.4,
    ciHigh: 0.6,
    n: 40,
  };
  const scored = (change: object) => ({
    quality: { imageSize: 32, scores: [{ ...score, floor: null, ...change }] },
  });
  const files = (name: string) => {
    const [generator, grid, images] = makeManifest('alder', makeFiles()).files;
    return { files: [generator, grid, { ...images, name }] };
  };

  it.each<[string, object]>([
    ['without lineage', { lineage: undefined }],
    ['without what the filters rejected', { synthetic: { ...synthetic, candidates: undefined } }],
    ['of no training', trained({ imagesShown: 0 })],
    ['of more patients than films', trained({ films: { ...training.films, heldOut: 1 } })],
    ['of no training film', trained({ films: { ...training.films, train: 0 } })],
    ['of a longer training than was planned', told({ imagesPlanned: 1 })],
    [
      'whose judge saw more than was shown',
      told({ judge: { ...lineage!.judge!, imagesShown: 5_000, share: 1 } }),
    ],
    ['whose judge’s share is another', told({ judge: { ...lineage!.judge!, share: 0.9 } })],
    ['with a precision above 1', scored({ value: 7, ciHigh: 9 })],
    ['with an interval turned round', scored({ ciLow: 0.6, ciHigh: 0.4 })],
    ['with a shard that calls itself the manifest', files('manifest.jws')],
    ['with a shard that calls itself a program', files('run-me.sh')],
  ])('%s is refused', async (_, change) => {
    await expect(send({ ...manifest(), ...change })).rejects.toEqual(code('MANIFEST_INVALID'));
  });

  it('is refused with a class of no image', async () => {
    const { stride, classes } = synthetic.candidates!;
    const none = { drawn: 0, rejected: '', rejections: [] };
    const empty = {
      ...synthetic,
      imagesPerClass: [10, 0],
      candidates: { stride, classes: [classes[0], none] },
    };
    await expect(send({ ...manifest(), synthetic: empty })).rejects.toEqual(code('MANIFEST_INVALID'));
  });

  it('is none with a figure inside its interval', async () => {
    await expect(send(manifest(scored({}) as object))).resolves.toMatchObject({ status: 'uploading' });
  });
});

describe('where a manifest comes from', () => {
  it('is refused with a date in the future, beyond what clocks may differ', async () => {
    const ahead = (ms: number) => new Date(registry.deps.clock().getTime() + ms).toISOString();
    await expect(send(manifest({ createdAt: ahead(180_000) }))).rejects.toEqual(code('DATE_IN_FUTURE'));
    await expect(send(manifest({ createdAt: ahead(60_000) }))).resolves.toMatchObject({
      status: 'uploading',
    });
  });

  it.each(['0.1.4', '0.0.99', 'newest', ''])(
    'is refused from agent %s, below the minimum',
    async (agentVersion) => {
      await expect(send(manifest({ agentVersion }))).rejects.toEqual(code('UPGRADE_REQUIRED'));
    },
  );

  it('takes 0.10.0 for newer than 0.1.5', async () => {
    await expect(send(manifest({ agentVersion: '0.10.0' }))).resolves.toMatchObject({ status: 'uploading' });
  });

  it('is asked to upgrade when its audit is of the form before 0.2', async () => {
    const old = { ...approval, policy: undefined, accepted: undefined, acceptedUndecided: null };
    await expect(send({ ...manifest(), audit: old })).rejects.toEqual(code('UPGRADE_REQUIRED'));
  });
});

it('can be signed and announced by the agent’s own code', async () => {
  await expect(announce(site, manifest())).resolves.toMatchObject({ status: 'uploading' });
  const guest = createClient({ baseUrl: registry.url });
  await expect(guest.call('siteKeys', { params: { siteId: site.id } })).resolves.toMatchObject({
    keys: [site.signingPublicKey],
  });
});
