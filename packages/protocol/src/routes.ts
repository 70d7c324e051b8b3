import { z } from 'zod';
import { benchmarkCell, scoreReport } from './benchmarks.ts';
import { contentVerdict, releaseProgress, verifierSeen, waitingRelease } from './contents.ts';
import { compactJws, fileName, INTEGER_MAX, isoDateTime, publicJwk, sha256Hex, siteId } from './ids.ts';
import { releaseManifest } from './manifest.ts';
import { RUN_REASON_CODES } from './run-outcomes.ts';
import { WAIT_REASONS } from './waits.ts';
import { WITHDRAWAL_REASON_CODES, withdrawal } from './withdrawals.ts';

export const roles = ['site', 'benchmark', 'researcher', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A part is 8 MiB but for a file's last one; S3's least is 5 MiB. */
export const PART_BYTES = 8 * 1024 ** 2;
/** A long poll is answered after this many seconds at the latest, below common proxies' 30 s. */
export const POLL_SECONDS_MAX = 25;

/**
 * One REST route. `body: 'bytes'` is a raw application/octet-stream body; `response: 'bytes'` answers with a file
 * (Range, ETag, Repr-Digest); `response: null` is 204.
 */
export type Route = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  summary: string;
  tag: string;
  roles: readonly Role[] | 'public';
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: z.ZodObject | 'bytes';
  response: z.ZodType | 'bytes' | null;
};

const route = <const R extends Route>(r: R): R => r;

const idempotent = z.object({ 'idempotency-key': z.string().min(8).max(100) });
const digest = z.object({ 'content-digest': z.string().regex(/^sha-256=:[A-Za-z0-9+/]{43}=:$/) }); // RFC 9530
const releaseId = z.strictObject({ releaseId: z.uuid() });
const releaseFile = z.strictObject({ releaseId: z.uuid(), name: fileName });
const taskId = z.strictObject({ taskId: z.uuid() });

const fileState = z.object({
  name: fileName,
  size: z.int(),
  sha256: sha256Hex,
  /** Numbers (from 1) of the parts that the registry holds. */
  parts: z.array(z.int().positive()),
});
export const uploadState = z.object({
  releaseId: z.uuid(),
  /** What agents of 0.1.0 know: `uploading` until it is published. `progress` says more. */
  status: z.enum(['uploading', 'published']),
  /** Absent in answers of registries before 0.2.0. */
  progress: releaseProgress.optional(),
  partBytes: z.int(),
  files: z.array(fileState),
});
export type UploadState = z.infer<typeof uploadState>;

export const dataset = z.object({
  id: z.uuid(),
  siteId,
  siteName: z.string(),
  version: z.int(),
  publishedAt: isoDateTime,
  manifestSha256: sha256Hex,
  manifest: releaseManifest,
  /** Withdrawn releases that its weights began from, or are the weights of. */
  withdrawnAncestors: z.array(withdrawal).optional(),
});
export type Dataset = z.infer<typeof dataset>;

/**
 * A release whose upload is complete. Agents of 0.1.0 read it as a data set and want a date: until it is published,
 * `publishedAt` is when it was complete.
 */
export const completedRelease = dataset.extend({ progress: releaseProgress.optional() });
export type CompletedRelease = z.infer<typeof completedRelease>;

/** A row of the audit trail by its hash, which covers all rows before it. */
export const auditHead = z.object({ sequence: z.int(), at: isoDateTime, hash: sha256Hex });
export type AuditHead = z.infer<typeof auditHead>;

export const siteStage = z.enum([
  'idle',
  'ingest',
  'preprocess',
  'train',
  'filter',
  'evaluate',
  'privacy-audit',
  'sign',
  'upload',
  'score',
]);

/** What a site says of itself: a stage and a verdict, no figure of a rejected run. */
export const siteStatus = z.strictObject({
  agentVersion: z.string().max(40),
  stage: siteStage,
  progress: z.number().min(0).max(1),
  lastRun: z
    .strictObject({
      runId: z.string().max(60),
      finishedAt: isoDateTime,
      /** `nothing`: no film, or too few. `stopped`: cancelled, or cut off by something that is away for now. */
      decision: z.enum(['approve', 'reject', 'undecided', 'failed', 'nothing', 'stopped']),
      /** Why nothing was released. Agents of 0.1 tell none. */
      code: z.enum(RUN_REASON_CODES).optional(),
    })
    .nullable(),
  /** What the stage waits for; absent while it works, and from agents before 0.3. */
  waiting: z.strictObject({ code: z.enum(WAIT_REASONS), since: isoDateTime }).optional(),
});
export type SiteStatus = z.infer<typeof siteStatus>;

export const siteOverview = z.object({
  id: siteId,
  name: z.string(),
  enrolledAt: isoDateTime.nullable(),
  seenAt: isoDateTime.nullable(),
  /** Its tokens are refused until an admin lets it go on. */
  suspendedAt: isoDateTime.nullable().optional(),
  /** It has no keys until it enrols again. */
  revokedAt: isoDateTime.nullable().optional(),
  status: siteStatus.nullable(),
  latest: dataset.nullable(),
  /** The newest complete release where it isn't published: told to admins alone. */
  pending: releaseProgress.nullable().optional(),
});
export type SiteOverview = z.infer<typeof siteOverview>;

const grant = z.object({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(['researcher', 'admin']),
  createdAt: isoDateTime,
  expiresAt: isoDateTime,
  revokedAt: isoDateTime.nullable(),
});
export type Grant = z.infer<typeof grant>;

const task = z.object({
  id: z.uuid(),
  classifier: compactJws,
  /** Whose classifier it is; registries before 0.3 do not tell, and there it is `benchmark`. */
  benchmarkId: siteId.optional(),
  createdAt: isoDateTime,
});
export type SiteTask = z.infer<typeof task>;

/** A signing key of a site and when it was the site's: `until` null is the present one. */
export const keyPeriod = z.object({
  key: publicJwk,
  from: isoDateTime,
  until: isoDateTime.nullable(),
  /** Since when it may be in other hands; then it vouches for `onlyManifests`, which were published before, and nothing else. */
  compromisedAt: isoDateTime.nullable(),
  /** Hashes of signed manifests. */
  onlyManifests: z.array(sha256Hex).optional(),
  /** The statement in which the key before this one named it, as a compact JWS; null where the site enrolled with it. */
  endorsement: compactJws.nullable().optional(),
});
export type KeyPeriod = z.infer<typeof keyPeriod>;

const enrolmentCode = z.object({ id: siteId, enrolmentCode: z.string(), expiresAt: isoDateTime });
const oneSite = z.strictObject({ siteId });

/** Every route of the registry. Validation, OpenAPI and {@link createClient} are read from this table. */
export const routes = {
  health: route({
    method: 'GET',
    path: '/health',
    tag: 'service',
    summary: 'Is the registry up, and which version',
    roles: 'public',
    response: z.object({ status: z.literal('ok'), version: z.string() }),
  }),

  // — sites: enrolment and tokens
  createSite: route({
    method: 'POST',
    path: '/v1/sites',
    tag: 'sites',
    summary: 'Invite a site: its one-time enrolment code is shown once',
    roles: ['admin'],
    body: z.strictObject({
      id: siteId,
      name: z.string().min(1).max(120),
      kind: z.enum(['site', 'benchmark']).default('site'),
    }),
    response: enrolmentCode,
  }),
  inviteAgain: route({
    method: 'POST',
    path: '/v1/sites/:siteId/invitations',
    tag: 'sites',
    summary:
      'A new enrolment code for a known site, which then has new keys; its present ones work until it is used',
    roles: ['admin'],
    params: oneSite,
    response: enrolmentCode,
  }),
  suspendSite: route({
    method: 'PUT',
    path: '/v1/sites/:siteId/suspension',
    tag: 'sites',
    summary: 'Refuse all that a site sends, at once, until it is resumed. Repeating it is harmless',
    roles: ['admin'],
    params: oneSite,
    response: null,
  }),
  resumeSite: route({
    method: 'DELETE',
    path: '/v1/sites/:siteId/suspension',
    tag: 'sites',
    summary: 'Let a suspended site go on with the keys that it has',
    roles: ['admin'],
    params: oneSite,
    response: null,
  }),
  revokeSite: route({
    method: 'POST',
    path: '/v1/sites/:siteId/revocation',
    tag: 'sites',
    summary: 'End a site’s tokens and keys until it enrols again; what it published stays',
    roles: ['admin'],
    params: oneSite,
    body: z.strictObject({
      /** Whether its last signing key may be in other hands. */
      compromised: z.boolean().default(false),
    }),
    response: null,
  }),
  enrol: route({
    method: 'POST',
    path: '/v1/enrolments',
    tag: 'sites',
    summary: 'Exchange a one-time code for a registration of two public keys',
    roles: 'public',
    body: z.strictObject({
      code: z.string().min(20).max(100),
      authKey: publicJwk,
      signingKey: publicJwk,
      agentVersion: z.string().max(40),
    }),
    response: z.object({ siteId, audience: z.string() }),
  }),
  token: route({
    method: 'POST',
    path: '/v1/token',
    tag: 'sites',
    summary: 'private_key_jwt (RFC 7523) for a DPoP-bound access token (RFC 9449)',
    roles: 'public',
    body: z.strictObject({
      grant_type: z.literal('client_credentials'),
      client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
      client_assertion: compactJws,
    }),
    response: z.object({ access_token: z.string(), token_type: z.literal('DPoP'), expires_in: z.int() }),
  }),
  siteKeys: route({
    method: 'GET',
    path: '/v1/sites/:siteId/keys',
    tag: 'sites',
    summary: 'Signing keys of a site or of the benchmark, as a JWK set, and when each was its key',
    roles: 'public',
    params: oneSite,
    response: z.object({
      /** The present key first, then ended ones; none that is compromised. */
      keys: z.array(publicJwk),
      /** All of them, the newest first; registries before 0.3.0 do not tell. */
      history: z.array(keyPeriod).optional(),
    }),
  }),
  rotateKeys: route({
    method: 'POST',
    path: '/v1/site/keys',
    tag: 'sites',
    summary: 'A site replaces both its keys, by the old ones. The same statement again is answered alike',
    roles: ['site'],
    body: z.strictObject({
      /** One statement of the next keys, signed by the present signing key and by both next ones. */
      byOldKey: compactJws,
      byAuthKey: compactJws,
      bySigningKey: compactJws,
      /** Whether the old keys may be in other hands. */
      compromised: z.boolean().default(false),
    }),
    response: null,
  }),
  reportStatus: route({
    method: 'PUT',
    path: '/v1/site/status',
    tag: 'sites',
    summary: 'A site says what it is doing',
    roles: ['site'],
    body: siteStatus,
    response: null,
  }),
  listSites: route({
    method: 'GET',
    path: '/v1/sites',
    tag: 'sites',
    summary: 'Every site with its status and latest data set',
    roles: ['admin', 'researcher'],
    response: z.object({ sites: z.array(siteOverview), verifier: verifierSeen.optional() }),
  }),

  // — releases: from a site
  createRelease: route({
    method: 'POST',
    path: '/v1/releases',
    tag: 'releases',
    summary: 'Announce a signed release; says which parts to send',
    roles: ['site'],
    headers: idempotent,
    body: z.strictObject({ manifest: compactJws }),
    response: uploadState,
  }),
  uploadState: route({
    method: 'GET',
    path: '/v1/releases/:releaseId/upload',
    tag: 'releases',
    summary: 'Which parts have arrived',
    roles: ['site'],
    params: releaseId,
    response: uploadState,
  }),
  putPart: route({
    method: 'PUT',
    path: '/v1/releases/:releaseId/files/:name/parts/:part',
    tag: 'releases',
    summary: 'Send one part; sending it again is harmless',
    roles: ['site'],
    params: releaseFile.extend({ part: z.coerce.number().int().min(1).max(10_000) }).strict(),
    headers: digest,
    body: 'bytes',
    response: null,
  }),
  completeRelease: route({
    method: 'POST',
    path: '/v1/releases/:releaseId/complete',
    tag: 'releases',
    summary: 'Check every file’s bytes; its contents then wait to be verified. Repeating it is harmless',
    roles: ['site'],
    params: releaseId,
    response: completedRelease,
  }),
  latestVersion: route({
    method: 'GET',
    path: '/v1/site/latest-version',
    tag: 'releases',
    summary: 'The highest version that this site has sent whole (0: none)',
    roles: ['site'],
    response: z.object({ version: z.int().nonnegative() }),
  }),
  listOwnReleases: route({
    method: 'GET',
    path: '/v1/site/releases',
    tag: 'releases',
    summary: 'Where this site’s releases stand, newest first, and when a verifier was last seen',
    roles: ['site'],
    response: z.object({ releases: z.array(releaseProgress), verifier: verifierSeen }),
  }),

  // — verification: contents are looked at before a release is visible
  listWaiting: route({
    method: 'GET',
    path: '/v1/verification/releases',
    tag: 'verification',
    summary: 'Releases whose contents nobody has looked at, oldest first',
    roles: ['benchmark'],
    response: z.object({ releases: z.array(waitingRelease) }),
  }),
  getWaitingManifest: route({
    method: 'GET',
    path: '/v1/verification/releases/:releaseId/manifest',
    tag: 'verification',
    summary: 'The signed manifest of a waiting release',
    roles: ['benchmark'],
    params: releaseId,
    response: z.object({ manifest: compactJws }),
  }),
  getWaitingFile: route({
    method: 'GET',
    path: '/v1/verification/releases/:releaseId/files/:name',
    tag: 'verification',
    summary: 'Any file of a waiting release, the generator too',
    roles: ['benchmark'],
    params: releaseFile,
    response: 'bytes',
  }),
  putVerdict: route({
    method: 'PUT',
    path: '/v1/verification/releases/:releaseId/verdict',
    tag: 'verification',
    summary: 'Publish a waiting release, or quarantine it with a code. The same verdict again is harmless',
    roles: ['benchmark'],
    params: releaseId,
    body: z.strictObject({ verdict: contentVerdict }),
    response: null,
  }),

  // — data sets: to researchers
  listDatasets: route({
    method: 'GET',
    path: '/v1/datasets',
    tag: 'datasets',
    summary: 'Published synthetic data sets, newest first',
    roles: ['researcher', 'admin', 'benchmark'],
    query: z.strictObject({ site: siteId.optional(), latest: z.stringbool().optional() }),
    response: z.object({ datasets: z.array(dataset) }),
  }),
  getDataset: route({
    method: 'GET',
    path: '/v1/datasets/:releaseId',
    tag: 'datasets',
    summary: 'One data set',
    roles: ['researcher', 'admin', 'benchmark'],
    params: releaseId,
    response: dataset,
  }),
  getManifest: route({
    method: 'GET',
    path: '/v1/datasets/:releaseId/manifest',
    tag: 'datasets',
    summary: 'The signed manifest, to verify with the site’s keys',
    roles: ['researcher', 'admin', 'benchmark'],
    params: releaseId,
    response: z.object({ manifest: compactJws }),
  }),
  getFile: route({
    method: 'GET',
    path: '/v1/datasets/:releaseId/files/:name',
    tag: 'datasets',
    summary: 'Download an image shard',
    roles: ['researcher', 'admin', 'benchmark'],
    params: releaseFile,
    response: 'bytes',
  }),
  getGenerator: route({
    method: 'GET',
    path: '/v1/datasets/:releaseId/generator',
    tag: 'datasets',
    summary: 'Download the generator’s weights',
    roles: ['admin'],
    params: releaseId,
    response: 'bytes',
  }),
  getGrid: route({
    method: 'GET',
    path: '/v1/datasets/:releaseId/grid.png',
    tag: 'datasets',
    summary: 'A sample grid, one row of images a class',
    roles: ['researcher', 'admin'],
    params: releaseId,
    response: 'bytes',
  }),

  withdrawRelease: route({
    method: 'PUT',
    path: '/v1/datasets/:releaseId/withdrawal',
    tag: 'datasets',
    summary: 'Withdraw a release for good: a tombstone is left. The same reason again is harmless',
    roles: ['admin'],
    params: releaseId,
    body: z.strictObject({ reason: z.enum(WITHDRAWAL_REASON_CODES) }),
    response: withdrawal,
  }),

  // — benchmark
  createClassifier: route({
    method: 'POST',
    path: '/v1/benchmarks/classifiers',
    tag: 'benchmarks',
    summary: 'Announce a signed classifier',
    roles: ['benchmark'],
    headers: idempotent,
    body: z.strictObject({ classifier: compactJws }),
    response: z.object({ id: z.uuid(), status: z.enum(['announced', 'ready']) }),
  }),
  putClassifierWeights: route({
    method: 'PUT',
    path: '/v1/benchmarks/classifiers/:classifierId/weights',
    tag: 'benchmarks',
    summary: 'Send the weights; the classifier then becomes a task at every enrolled site',
    roles: ['benchmark'],
    params: z.strictObject({ classifierId: z.uuid() }),
    headers: digest,
    body: 'bytes',
    response: null,
  }),
  listScores: route({
    method: 'GET',
    path: '/v1/benchmarks/scores',
    tag: 'benchmarks',
    summary: 'What the sites have returned, raw counts',
    roles: ['benchmark'],
    response: z.object({
      sites: z.array(siteId),
      scores: z.array(z.object({ siteId, classifierId: z.uuid().nullable(), report: scoreReport })),
      /** Tasks that a site will not answer; registries of 0.1.0 do not tell. */
      refused: z
        .array(z.object({ siteId, classifierId: z.uuid(), code: z.string().max(60).nullable() }))
        .optional(),
    }),
  }),
  putResults: route({
    method: 'PUT',
    path: '/v1/benchmarks/results',
    tag: 'benchmarks',
    summary: 'Publish the merged matrix',
    roles: ['benchmark'],
    body: z.strictObject({ cells: z.array(benchmarkCell).max(10_000) }),
    response: null,
  }),
  getResults: route({
    method: 'GET',
    path: '/v1/benchmarks/results',
    tag: 'benchmarks',
    summary: 'AUC by training set and test site, with 95 % intervals',
    roles: ['researcher', 'admin', 'benchmark'],
    response: z.object({ cells: z.array(benchmarkCell), updatedAt: isoDateTime.nullable() }),
  }),
  pollTasks: route({
    method: 'GET',
    path: '/v1/site/tasks',
    tag: 'tasks',
    summary: 'Open tasks of this site (long poll)',
    roles: ['site'],
    query: z.strictObject({ wait: z.coerce.number().int().min(0).max(POLL_SECONDS_MAX).default(0) }),
    response: z.object({ tasks: z.array(task) }),
  }),
  getTaskWeights: route({
    method: 'GET',
    path: '/v1/site/tasks/:taskId/weights',
    tag: 'tasks',
    summary: 'The classifier’s weights',
    roles: ['site'],
    params: taskId,
    response: 'bytes',
  }),
  completeTask: route({
    method: 'PUT',
    path: '/v1/site/tasks/:taskId/result',
    tag: 'tasks',
    summary: 'Answer a task: counts per class in agreed bins',
    roles: ['site'],
    params: taskId,
    body: scoreReport,
    response: null,
  }),
  refuseTask: route({
    method: 'POST',
    path: '/v1/site/tasks/:taskId/refusal',
    tag: 'tasks',
    summary: 'Refuse a task by the site’s own policy',
    roles: ['site'],
    params: taskId,
    body: z.strictObject({ code: z.string().max(60) }),
    response: null,
  }),
  putLocalScore: route({
    method: 'PUT',
    path: '/v1/site/local-score',
    tag: 'tasks',
    summary: 'The site’s own real→real result, for comparison',
    roles: ['site'],
    body: scoreReport,
    response: null,
  }),

  // — access and audit
  createGrant: route({
    method: 'POST',
    path: '/v1/grants',
    tag: 'access',
    summary: 'Give a person access; the token is shown once',
    roles: ['admin'],
    body: z.strictObject({
      name: z.string().min(1).max(120),
      role: z.enum(['researcher', 'admin']),
      days: z.int().min(1).max(366),
    }),
    response: grant.extend({ token: z.string() }),
  }),
  listGrants: route({
    method: 'GET',
    path: '/v1/grants',
    tag: 'access',
    summary: 'Who has access',
    roles: ['admin'],
    response: z.object({ grants: z.array(grant) }),
  }),
  revokeGrant: route({
    method: 'DELETE',
    path: '/v1/grants/:grantId',
    tag: 'access',
    summary: 'Take access back, at once',
    roles: ['admin'],
    params: z.strictObject({ grantId: z.uuid() }),
    response: null,
  }),
  getAuditHead: route({
    method: 'GET',
    path: '/v1/audit/head',
    tag: 'access',
    summary: 'The last row of the audit trail, for sites to keep, and the hash of an older one',
    roles: ['site', 'admin'],
    query: z.strictObject({ since: z.coerce.number().pipe(z.int32().positive()).optional() }),
    response: z.object({ head: auditHead.nullable(), since: auditHead.nullable() }),
  }),
  listAudit: route({
    method: 'GET',
    path: '/v1/audit',
    tag: 'access',
    summary: 'The hash-chained audit trail, newest first',
    roles: ['admin'],
    query: z.strictObject({ before: z.coerce.number().int().positive().max(INTEGER_MAX).optional() }),
    response: z.object({
      rows: z.array(
        z.object({
          sequence: z.int(),
          at: isoDateTime,
          actor: z.string(),
          action: z.string(),
          subject: z.string(),
          hash: sha256Hex,
        }),
      ),
    }),
  }),
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
