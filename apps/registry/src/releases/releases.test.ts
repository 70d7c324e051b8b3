import { randomBytes } from 'node:crypto';
import {
  createClient,
  PART_BYTES,
  ProblemError,
  type ReleaseManifest,
  type UploadState,
} from '@synspine/protocol';
import { signManifest, verifyManifest } from '@synspine/release';
import type { ObjectStore } from '@synspine/storage';
import { CompactSign, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../database/open-database.ts';
import { contentDigest, makeFiles, makeManifest, sha256Hex } from '../test-kit/release-kit.ts';
import {
  announce,
  publish,
  sendFiles,
  sendPart,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';
import { announceRelease } from './announce-release.ts';
import { completeRelease } from './complete-release.ts';

let registry: TestRegistry;
let site: TestSite;
let count = 0;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  site = await registry.enrol(`site-${++count}`);
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const complete = (releaseId: string) => site.client.call('completeRelease', { params: { releaseId } });
const sendManifest = (manifest: string, key: string = crypto.randomUUID()) =>
  site.client.call('createRelease', { headers: { 'idempotency-key': key }, body: { manifest } });
const stateOf = async (releaseId: string) => {
  const { releases } = await site.client.call('listOwnReleases', {});
  return releases.find((release) => release.releaseId === releaseId)?.state;
};
const isVisible = async (releaseId: string) => {
  const { datasets } = await registry.admin.call('listDatasets', { query: { site: site.id } });
  return datasets.some((dataset) => dataset.id === releaseId);
};
const auditRows = (releaseId: string) =>
  registry.deps.prisma.auditRow.count({ where: { action: 'release.complete', subject: releaseId } });

it('takes a release from an enrolled site and gives a researcher the same bytes', async () => {
  const { dataset, files } = await publish(site);
  const researcher = await registry.person('researcher');
  const { datasets } = await researcher.call('listDatasets', { query: { site: site.id } });
  expect(datasets).toEqual([dataset]);

  const { manifest } = await researcher.call('getManifest', { params: { releaseId: dataset.id } });
  const guest = createClient({ baseUrl: registry.url });
  const { keys } = await guest.call('siteKeys', { params: { siteId: site.id } });
  expect((await verifyManifest(manifest, keys)).manifestSha256).toBe(dataset.manifestSha256);

  const params = { releaseId: dataset.id, name: 'images-00000.parquet' };
  const response = await researcher.call('getFile', { params });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(sha256Hex(bytes)).toBe(sha256Hex(files['images-00000.parquet']!));
});

describe('a signed manifest', () => {
  // One way to change each field; the signature must not fit any more.
  const changes: { [K in keyof ReleaseManifest]: (m: ReleaseManifest) => unknown } = {
    schema: () => 'synspine.release/2',
    siteId: () => 'other',
    version: (m) => m.version + 1,
    runId: () => 'run-0000000002',
    createdAt: () => '2026-11-25T00:00:00.000Z',
    agentVersion: () => '0.1.1',
    tensorflowVersion: () => '2.19.0',
    preset: () => 'other',
    imageSize: () => 64,
    classNames: () => ['abnormal', 'normal'],
    synthetic: (m) => ({ ...m.synthetic, seed: 2 }),
    training: (m) => ({ ...m.training, imagesShown: 2000 }),
    holdOutCommitment: () => sha256Hex('another hold-out'),
    quality: () => ({ imageSize: 64, scores: [] }),
    audit: (m) => ({ ...m.audit, reasons: ['another'] }),
    files: (m) => m.files.map((file) => ({ ...file, size: file.size + 1 })),
  };

  it.each(Object.entries(changes))(
    'is refused when its %s was changed after signing',
    async (field, change) => {
      const manifest = makeManifest(site.id, makeFiles());
      const [header, , signature] = (await signManifest(manifest, site.signingKey)).split('.');
      const changed = JSON.stringify({ ...manifest, [field]: change(manifest) });
      const forged = [header, Buffer.from(changed).toString('base64url'), signature].join('.');
      await expect(sendManifest(forged)).rejects.toEqual(code('SIGNATURE_INVALID'));
    },
  );

  it('is refused when another site, or the site’s authentication key, signed it', async () => {
    const other = await registry.enrol(`other-${count}`);
    const manifest = makeManifest(site.id, makeFiles());
    for (const key of [other.signingKey, site.authKey])
      await expect(sendManifest(await signManifest(manifest, key))).rejects.toEqual(
        code('SIGNATURE_INVALID'),
      );
  });

  it('is refused when it names another site', async () => {
    const manifest = makeManifest('other', makeFiles());
    await expect(announce(site, manifest)).rejects.toEqual(code('SITE_MISMATCH'));
  });

  /** Signs text as the agent's own code would never write it. */
  const signText = async (text: string) => {
    return new CompactSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'EdDSA', typ: 'synspine-release+jws', kid: site.signingKey.kid! })
      .sign(await importJWK(site.signingKey, 'EdDSA'));
  };
  const signAny = (manifest: unknown) => signText(JSON.stringify(manifest));

  it('is refused with a key named twice, with an unknown field and with files that repeat a name', async () => {
    const manifest = makeManifest(site.id, makeFiles());
    const twice = JSON.stringify(manifest).replace('"version":1', '"version":1,"version":2');
    await expect(sendManifest(await signText(twice))).rejects.toEqual(code('DUPLICATE_JSON_KEY'));
    const more = { ...manifest, patientName: 'ZZCANARY' };
    await expect(sendManifest(await signAny(more))).rejects.toEqual(code('MANIFEST_INVALID'));
    const repeated = { ...manifest, files: [...manifest.files, manifest.files[2]] };
    await expect(sendManifest(await signAny(repeated))).rejects.toEqual(code('MANIFEST_INVALID'));
  });

  it('isn’t taken for a token of another kind with the same key', async () => {
    const token = await new SignJWT({ ...makeManifest(site.id, makeFiles()) })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: site.signingKey.kid })
      .sign(await importJWK(site.signingKey, 'EdDSA'));
    await expect(sendManifest(token)).rejects.toEqual(code('SIGNATURE_INVALID'));
  });
});

describe('versions', () => {
  it('only grow', async () => {
    await publish(site, { version: 3 });
    const again = (version: number) => announce(site, makeManifest(site.id, makeFiles(), { version }));
    await expect(again(2)).rejects.toEqual(code('VERSION_NOT_MONOTONIC'));
    await expect(again(3)).rejects.toEqual(code('RELEASE_EXISTS'));
    await expect(again(4)).resolves.toMatchObject({ status: 'uploading' });
    expect(await site.client.call('latestVersion', {})).toEqual({ version: 3 });
  });

  it('are compared again when an upload is complete, so an older one can’t come second', async () => {
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files, { version: 1 }));
    await sendFiles(site, releaseId, files);
    await publish(site, { version: 2 });
    await expect(complete(releaseId)).rejects.toEqual(code('VERSION_NOT_MONOTONIC'));
    expect(await isVisible(releaseId)).toBe(false);
  });

  it('of one number from two uploads are taken once', async () => {
    const files = makeFiles();
    const ids = [];
    for (const preset of ['a', 'b']) {
      const { releaseId } = await announce(site, makeManifest(site.id, files, { preset }));
      await sendFiles(site, releaseId, files);
      ids.push(releaseId);
    }
    const outcomes = await Promise.allSettled(ids.map(complete));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map((outcome) => outcome.reason.code)).toEqual(['RELEASE_EXISTS']);
  });
});

describe('repetition', () => {
  it('of an announcement, fifty at once on two servers, makes one release', async () => {
    const jws = await signManifest(makeManifest(site.id, makeFiles()), site.signingKey);
    // A second server is one with a connection pool of its own.
    const second = { ...registry.deps, prisma: openDatabase(registry.databaseUrl) };
    const calls = Array.from({ length: 25 }, () => [
      sendManifest(jws, 'same-key-1').then((state: UploadState) => state.releaseId),
      announceRelease(second, site.id, jws, 'same-key-1'),
    ]);
    expect(new Set(await Promise.all(calls.flat())).size).toBe(1);
    expect(await registry.deps.prisma.release.count({ where: { siteId: site.id } })).toBe(1);
    await second.prisma.$disconnect();
  });

  it('with a new key is still the same release, and a key of another request is a conflict', async () => {
    const manifest = makeManifest(site.id, makeFiles());
    const first = await announce(site, manifest, 'key-number-1');
    expect((await announce(site, manifest, 'key-number-2')).releaseId).toBe(first.releaseId);
    const other = makeManifest(site.id, makeFiles(), { version: 2 });
    await expect(announce(site, other, 'key-number-1')).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
  });

  it('of a completion, twenty at once, completes once', async () => {
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files));
    await sendFiles(site, releaseId, files);
    const datasets = await Promise.all(Array.from({ length: 20 }, () => complete(releaseId)));
    expect(new Set(datasets.map((dataset) => dataset.progress?.since)).size).toBe(1);
    expect(await auditRows(releaseId)).toBe(1);
  });
});

describe('an upload', () => {
  it('goes on where it was cut', async () => {
    const files = makeFiles({ 'images-00000.parquet': PART_BYTES + 5 });
    const images = files['images-00000.parquet']!;
    const { releaseId, partBytes } = await announce(site, makeManifest(site.id, files));
    expect(partBytes).toBe(PART_BYTES);
    await sendPart(site, releaseId, 'images-00000.parquet', 2, images.subarray(PART_BYTES));
    const state = await site.client.call('uploadState', { params: { releaseId } });
    expect(state.files.map((file) => [file.name, file.parts])).toEqual([
      ['generator.safetensors', []],
      ['grid.png', []],
      ['images-00000.parquet', [2]],
    ]);
    await expect(complete(releaseId)).rejects.toEqual(code('RELEASE_INCOMPLETE'));
    await sendFiles(site, releaseId, files);
    await expect(complete(releaseId)).resolves.toMatchObject({ id: releaseId });
    await sendFiles(site, releaseId, files); // late repetitions are harmless
  });

  it('refuses a part of the wrong length, number or digest', async () => {
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files));
    const grid = files['grid.png']!;
    const send = (part: number, bytes: Buffer) => sendPart(site, releaseId, 'grid.png', part, bytes);
    await expect(send(2, grid)).rejects.toEqual(code('PART_OUT_OF_RANGE'));
    await expect(send(1, grid.subarray(1))).rejects.toEqual(code('PART_OUT_OF_RANGE'));
    await expect(send(1, Buffer.concat([grid, grid]))).rejects.toEqual(code('PART_OUT_OF_RANGE'));
    const wrong = site.client.call('putPart', {
      params: { releaseId, name: 'grid.png', part: 1 },
      headers: { 'content-digest': contentDigest(randomBytes(1)) },
      body: grid,
    });
    await expect(wrong).rejects.toEqual(code('PART_DIGEST_MISMATCH'));
    await expect(sendPart(site, releaseId, 'other.png', 1, grid)).rejects.toEqual(code('NOT_FOUND'));
    const tooLong = sendPart(site, releaseId, 'grid.png', 1, randomBytes(PART_BYTES + 1));
    await expect(tooLong).rejects.toEqual(code('PAYLOAD_TOO_LARGE'));
  });

  it.each(['generator.safetensors', 'grid.png', 'images-00000.parquet'])(
    'with one wrong byte in %s isn’t taken, and is once the right bytes come',
    async (name) => {
      const files = makeFiles();
      const { releaseId } = await announce(site, makeManifest(site.id, files));
      const tampered = Buffer.from(files[name]!);
      tampered[7]! ^= 1;
      await sendFiles(site, releaseId, { ...files, [name]: tampered });
      await expect(complete(releaseId)).rejects.toEqual(code('FILE_HASH_MISMATCH'));
      expect(await stateOf(releaseId)).toBe('uploading');
      const state = await site.client.call('uploadState', { params: { releaseId } });
      expect(state.files.find((file) => file.name === name)?.parts).toEqual([]);
      await sendFiles(site, releaseId, { [name]: files[name]! });
      await complete(releaseId);
      expect(await stateOf(releaseId)).toBe('verifying');
    },
  );

  it('belongs to its site alone', async () => {
    const other = await registry.enrol(`foreign-${count}`);
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files));
    const params = { releaseId };
    await expect(other.client.call('uploadState', { params })).rejects.toEqual(code('NOT_FOUND'));
    await expect(sendFiles(other, releaseId, files)).rejects.toEqual(code('NOT_FOUND'));
    await expect(other.client.call('completeRelease', { params })).rejects.toEqual(code('NOT_FOUND'));
  });
});

describe('a crash', () => {
  /** The real store, but the connection to it dies before or after its `step`-th call. */
  function breakAt(store: ObjectStore, step: number, when: 'before' | 'after'): ObjectStore {
    let calls = 0;
    return new Proxy(store, {
      get: (target, name) => {
        const method = target[name as keyof ObjectStore] as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          const isLast = ++calls === step;
          if (isLast && when === 'before') throw new ProblemError('INTERNAL', 'cut');
          const answer = await method.apply(target, args);
          if (isLast) throw new ProblemError('INTERNAL', 'cut');
          return answer;
        };
      },
    });
  }

  // Completion joins three files, one store call each, and reads the generator's header in a fourth.
  const cuts = [1, 2, 3, 4].flatMap((step) => [
    [step, 'before' as const] as const,
    [step, 'after' as const] as const,
  ]);
  it.each(cuts)(
    'at store call %i, %s it, leaves the release as it was, and the next call finishes',
    async (step, when) => {
      const files = makeFiles();
      const { releaseId } = await announce(site, makeManifest(site.id, files));
      await sendFiles(site, releaseId, files);
      const broken = { ...registry.deps, store: breakAt(registry.deps.store, step, when) };
      await expect(completeRelease(broken, site.id, releaseId)).rejects.toThrow('cut');
      expect([await stateOf(releaseId), await auditRows(releaseId)]).toEqual(['uploading', 0]);
      const { files: held } = await site.client.call('uploadState', { params: { releaseId } });
      expect(held.map((file) => file.parts)).toEqual([[1], [1], [1]]); // nothing needs to be sent again
      await complete(releaseId);
      expect([await stateOf(releaseId), await auditRows(releaseId)]).toEqual(['verifying', 1]);
    },
  );

  it('of the audit row’s insert takes the new state with it', async () => {
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files));
    await sendFiles(site, releaseId, files);
    const { prisma } = registry.deps;
    await prisma.$executeRaw`ALTER TABLE "audit_row" ADD CONSTRAINT "cut" CHECK ("action" NOT LIKE 'release.%') NOT VALID`;
    await expect(complete(releaseId)).rejects.toEqual(code('INTERNAL'));
    expect([await stateOf(releaseId), await auditRows(releaseId)]).toEqual(['uploading', 0]);
    await prisma.$executeRaw`ALTER TABLE "audit_row" DROP CONSTRAINT "cut"`;
    await complete(releaseId);
    expect([await stateOf(releaseId), await auditRows(releaseId)]).toEqual(['verifying', 1]);
    await prisma.$executeRaw`ALTER TABLE "audit_row" ADD CONSTRAINT "cut" CHECK ("action" <> 'release.publish') NOT VALID`;
    await expect(site.judge(releaseId)).rejects.toEqual(code('INTERNAL'));
    expect([await stateOf(releaseId), await isVisible(releaseId)]).toEqual(['verifying', false]);
    await prisma.$executeRaw`ALTER TABLE "audit_row" DROP CONSTRAINT "cut"`;
    await site.judge(releaseId);
    expect([await stateOf(releaseId), await isVisible(releaseId)]).toEqual(['published', true]);
  });
});
