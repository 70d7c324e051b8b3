import { z } from 'zod';
import { withdrawal } from './withdrawals.ts';

/** The one error table: code → HTTP status and what to do next. The API's problem+json bodies are read from it. */
export const PROBLEMS = {
  VALIDATION_FAILED: [400, 'The request does not match the schema. See `detail` for the field.'],
  REQUEST_MALFORMED: [400, 'This is no HTTP/1.1 request. See what the client or a proxy sends.'],
  URL_INVALID: [400, 'The URL’s percent-encoding is broken. Encode it as UTF-8 (RFC 3986).'],
  DUPLICATE_JSON_KEY: [400, 'The JSON text names a key twice. Send each key once.'],
  TOKEN_MISSING: [401, 'Send an access token. Sites get one from POST /v1/token.'],
  TOKEN_INVALID: [401, 'The token is unknown, revoked or malformed. Ask for a new one.'],
  TOKEN_EXPIRED: [401, 'The token has expired. Ask for a new one.'],
  TOKEN_REPLAYED: [401, 'This assertion or proof was used before. Make a fresh one with a new jti.'],
  PROOF_INVALID: [
    401,
    'The DPoP proof does not fit the request or the token (RFC 9449). Check the clock, method and URL.',
  ],
  CLOCK_SKEW: [401, 'The clocks differ by more than 60 s. Set this machine’s clock (NTP).'],
  FORBIDDEN: [403, 'This role may not do that. Ask the registry’s admin.'],
  NOT_FOUND: [404, 'There is no such thing, or it belongs to somebody else.'],
  METHOD_NOT_ALLOWED: [405, 'This path does not take the method. `Allow` lists those that it takes.'],
  REQUEST_TIMEOUT: [408, 'The request did not arrive whole in time. Send it again.'],
  RELEASE_WITHDRAWN: [
    410,
    'This release was withdrawn; `withdrawal` says when and why. Delete your copies, and what you trained on them.',
  ],
  ENROLMENT_CODE_INVALID: [403, 'The enrolment code is wrong, used or expired. Ask the admin for a new one.'],
  SITE_EXISTS: [409, 'A site with this id exists. Choose another id, or invite it again.'],
  SITE_SUSPENDED: [
    403,
    'The registry’s admin has suspended this site. Ask for it to be resumed; nothing is lost.',
  ],
  SITE_REVOKED: [
    403,
    'The registry’s admin has ended this site’s keys. Ask for a new enrolment code and enrol again.',
  ],
  SIGNATURE_INVALID: [
    422,
    'The signature does not fit the bytes and the site’s signing key. Build the release again.',
  ],
  MANIFEST_INVALID: [422, 'The manifest does not match its schema. Upgrade the agent.'],
  SITE_MISMATCH: [422, 'The manifest names another site than the one that sends it.'],
  AUDIT_NOT_APPROVED: [
    422,
    'The figures of the privacy audit do not give the approval that it claims. Audit again and sign what comes out.',
  ],
  DEMONSTRATION_REFUSED: [
    422,
    'The audit used a demonstration policy, which only a registry on loopback takes. Audit with the site’s own policy.',
  ],
  DATE_IN_FUTURE: [
    422,
    'The manifest says that it was made later than now. Set this machine’s clock (NTP) and sign again.',
  ],
  VERSION_NOT_MONOTONIC: [
    409,
    'A release with this or a later version exists. Build the release with a higher version.',
  ],
  VERSION_TOO_FAR: [
    422,
    'The version is more than 1,000 above the latest one. Build the release with the next version.',
  ],
  RELEASE_EXISTS: [
    409,
    'This version was sent with other contents. Build the release with a higher version.',
  ],
  RELEASE_INCOMPLETE: [409, 'Parts are missing. GET the upload state and send the missing parts.'],
  PART_DIGEST_MISMATCH: [422, 'The part does not have the digest sent with it. Send it again.'],
  PART_OUT_OF_RANGE: [422, 'The part is not one of this file’s parts, or has the wrong length.'],
  FILE_HASH_MISMATCH: [422, 'A file does not have the hash that the manifest lists. Send its parts again.'],
  VERDICT_CONFLICT: [409, 'This release has another verdict already. A verdict is given once.'],
  IDEMPOTENCY_CONFLICT: [409, 'This Idempotency-Key was used with another request.'],
  RANGE_NOT_SATISFIABLE: [416, 'The range lies outside the file.'],
  RESULT_INVALID: [422, 'The counts do not fit the hold-out that the site declared.'],
  UPGRADE_REQUIRED: [426, 'This agent is too old for this registry. Upgrade it.'],
  PAYLOAD_TOO_LARGE: [413, 'The body is larger than this route takes.'],
  URL_TOO_LONG: [414, 'A part of the path is longer than any id or name. Check the URL.'],
  UNSUPPORTED_MEDIA_TYPE: [
    415,
    'The route takes no body of this type. Send application/json, or application/octet-stream for bytes.',
  ],
  HEADERS_TOO_LARGE: [431, 'URL and headers are larger than 16 KiB. Send fewer or shorter ones.'],
  RATE_LIMITED: [429, 'Too many requests. Wait and try again.'],
  STORE_UNAVAILABLE: [503, 'The object store does not answer. Try again later.'],
  ROW_DAMAGED: [500, 'This row of the registry’s database is damaged. The admin finds its id in the log.'],
  INTERNAL: [500, 'The registry failed. The admin finds the request id in its log.'],
} as const satisfies Record<string, readonly [status: number, nextStep: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** RFC 9457 problem details; `type` is `urn:synspine:problem:CODE`. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  /** With RELEASE_WITHDRAWN: what is left of the release. */
  withdrawal: withdrawal.optional(),
});
export type Problem = z.infer<typeof problem>;

/** A broken promise, by its code in {@link PROBLEMS}. `detail` must never hold data of a patient. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly withdrawal: Problem['withdrawal'];

  constructor(code: ProblemCode, detail?: string, facts: Pick<Problem, 'withdrawal'> = {}) {
    super(`${code}: ${PROBLEMS[code][1]}${detail ? ` (${detail})` : ''}`);
    this.name = 'ProblemError';
    this.code = code;
    this.status = PROBLEMS[code][0];
    this.detail = detail;
    this.withdrawal = facts.withdrawal;
  }
}
