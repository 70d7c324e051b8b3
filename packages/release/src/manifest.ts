import type { TestKey } from '@synspine/audit-rules';
import {
  ProblemError,
  type PublicJwk,
  type ReleaseFile,
  type ReleaseManifest,
  releaseManifest,
} from '@synspine/protocol';
import { assertAuditApproved } from './audit-approved.ts';
import { keyIdOf, type PrivateJwk, publicJwkOf } from './keys.ts';
import { signDocument, verifyDocument } from './signed-document.ts';
import { parseStrictJson } from './strict-json.ts';

const TYPE = 'synspine-release+jws';

/**
 * Signs a release's manifest as a compact JWS (RFC 7515, EdDSA). Its type takes only an approved audit, which is derived again
 * here. Throws `MANIFEST_INVALID` or `AUDIT_NOT_APPROVED`, the latter also for an audit of an agent before 0.2.
 */
export async function signManifest(manifest: ReleaseManifest, key: PrivateJwk): Promise<string> {
  if (!manifest.audit.policy) throw new ProblemError('AUDIT_NOT_APPROVED', 'it names no policy');
  return signDocument(checkManifest(manifest), TYPE, key);
}

/**
 * The same manifest by another key of its site, unless this one has signed it: the payload's bytes, and with them the release's
 * hash, stay. For a release that was signed before its site's keys were replaced. Throws as {@link signManifest} does.
 */
export async function signAgain(jws: string, key: PrivateJwk): Promise<string> {
  const [header = '', payload = ''] = jws.split('.');
  const read = (part: string): unknown => parseStrictJson(Buffer.from(part, 'base64url'));
  if ((read(header) as { kid?: unknown }).kid === (await keyIdOf(publicJwkOf(key)))) return jws;
  return signManifest(read(payload) as ReleaseManifest, key);
}

/**
 * Verifies a manifest with the signing keys of the site that it is said to come from. The caller compares
 * `manifest.siteId` with that site. `manifestSha256` is taken over the signed payload's bytes. The audit's decision is derived again
 * from its figures as of `createdAt`; releases of agents before 0.2 hold no policy, and are judged by the limits that they name.
 * Throws `SIGNATURE_INVALID`, `DUPLICATE_JSON_KEY`, `MANIFEST_INVALID` or `AUDIT_NOT_APPROVED`.
 */
export async function verifyManifest(
  jws: string,
  keys: PublicJwk | readonly PublicJwk[],
): Promise<{ manifest: ReleaseManifest; manifestSha256: string }> {
  const { payload, sha256 } = await verifyDocument(jws, TYPE, keys);
  return { manifest: checkManifest(payload), manifestSha256: sha256 };
}

function checkManifest(payload: unknown): ReleaseManifest {
  refuseUnapproved(payload);
  const parsed = releaseManifest.safeParse(payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ProblemError('MANIFEST_INVALID', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  assertAuditApproved(parsed.data.audit, new Date(parsed.data.createdAt));
  assertConsistent(parsed.data);
  return parsed.data;
}

/** A rejected audit doesn't fit the schema either; it deserves its own code. */
function refuseUnapproved(payload: unknown): void {
  const decision = (payload as { audit?: { decision?: unknown } } | null)?.audit?.decision;
  if (decision === 'reject' || decision === 'undecided')
    throw new ProblemError('AUDIT_NOT_APPROVED', `the decision is ${decision}`);
}

/** As agents name them: a file fetched under its name must never be taken for another kind of file, or for the manifest. */
const FILE_NAMES: Record<ReleaseFile['kind'], RegExp> = {
  generator: /^generator\.safetensors$/,
  grid: /^grid\.png$/,
  images: /^images-\d{5,}\.parquet$/,
};

/** What the schema can't say: parts of the manifest that must agree with each other. */
function assertConsistent(manifest: ReleaseManifest): void {
  const { classNames, synthetic, files, training, lineage } = manifest;
  const refuse = (why: string) => new ProblemError('MANIFEST_INVALID', why);
  const ofKind = (kind: string) => files.filter((f) => f.kind === kind).length;
  if (new Set(classNames).size !== classNames.length) throw refuse('classNames: a class is named twice');
  if (synthetic.imagesPerClass.length !== classNames.length)
    throw refuse('synthetic.imagesPerClass: expected one count for each class');
  if (lineage && (lineage.judge === null) !== (training.loss === 'gan'))
    throw refuse('lineage.judge: a SpineGAN has one, a GAN none');
  assertAuditOf(manifest);
  if (new Set(files.map((f) => f.name)).size !== files.length) throw refuse('files: a name occurs twice');
  if (files.some(({ kind, name }) => !FILE_NAMES[kind].test(name)))
    throw refuse('files: a name that no agent gives');
  if (ofKind('generator') !== 1 || ofKind('images') < 1 || ofKind('grid') > 1)
    throw refuse('files: expected one generator, image shards and at most one grid');
}

/**
 * The audit must be one of these very images and films: of their size, with every image screened, and of no more patients, films and
 * images than there are. Before 0.2 it didn't say.
 */
function assertAuditOf({ audit, imageSize, synthetic, training }: ReleaseManifest): void {
  if (!audit.policy) return;
  const refuse = (why: string) => new ProblemError('MANIFEST_INVALID', why);
  if (audit.imageSize !== imageSize) throw refuse('audit.imageSize: other images than the released ones');
  const released = synthetic.imagesPerClass.reduce((sum, count) => sum + count, 0);
  const screened = audit.tests.find(({ key }) => key === 'nearCopies')?.n ?? 0;
  if (screened < released) throw refuse(`audit: ${screened} of ${released} images were screened for copies`);
  const { train, validation, heldOut } = training.films;
  const atMost: Partial<Record<TestKey, number>> = {
    closenessNetwork: screened,
    closenessPixels: screened,
    membershipAuc: train + validation + heldOut,
    membershipRate: train + validation + heldOut,
  };
  for (const { key, n, patients } of audit.tests) {
    if (patients > training.patients.heldOut || n > (atMost[key!] ?? n))
      throw refuse(`audit: ${key} rests on more than the manifest's films and images`);
  }
}
