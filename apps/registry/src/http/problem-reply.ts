import { PROBLEMS, type Problem, type ProblemCode, ProblemError } from '@synspine/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_VALIDATION: 'VALIDATION_FAILED',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'VALIDATION_FAILED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'VALIDATION_FAILED',
  FST_ERR_BAD_URL: 'URL_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_TOO_LONG',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
};

/** Any thrown value as a problem of the table: fastify's own refusals by code, its plugins' by status, all else is INTERNAL. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { code = '', validation, message, statusCode = 500 } = (error ?? {}) as FastifyError;
  const known = FASTIFY_CODES[code];
  if (known === undefined) {
    if (isStoreDown(error)) return new ProblemError('STORE_UNAVAILABLE');
    return new ProblemError(statusCode >= 400 && statusCode < 500 ? ofStatus(statusCode) : 'INTERNAL');
  }
  if (known.startsWith('URL_')) return new ProblemError(known); // the message quotes the URL
  return new ProblemError(known, validation?.[0] ? describeIssue(error as FastifyError) : message);
}

/** A refusal of a plugin, such as that of a path outside of the dashboard's folder: as if nothing were there. */
function ofStatus(status: number): ProblemCode {
  return status === 403 || status === 404 ? 'NOT_FOUND' : 'VALIDATION_FAILED';
}

/** Names the field and the rule; zod's messages never hold the value that was sent. */
function describeIssue({ validation, validationContext }: FastifyError): string {
  const { instancePath, message } = validation![0]!;
  const where = `${validationContext ?? 'request'}${instancePath.replaceAll('/', '.')}`.replace(/\.$/, '');
  return `${where}: ${message}`;
}

const STORE_DOWN = new Set(['STORE_UNREACHABLE', 'STORE_REFUSED', 'STORAGE_FULL']);

function isStoreDown(error: unknown): boolean {
  return STORE_DOWN.has((error as { code?: string } | null)?.code ?? '');
}

/** A problem as it is sent (RFC 9457). */
export function describeProblem(
  { code, status, detail, withdrawal }: ProblemError,
  requestId: string,
): Problem {
  return {
    type: `urn:synspine:problem:${code}`,
    title: PROBLEMS[code][1],
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    requestId,
    ...(withdrawal && { withdrawal }),
  };
}

/** Sends problem+json. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: ProblemError) {
  const { code, status } = error;
  if (status === 401) reply.header('www-authenticate', 'Bearer, DPoP algs="EdDSA ES256"');
  if (code === 'RATE_LIMITED') reply.header('retry-after', '60');
  request.problem = error;
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-request-id': request.id })
    .type('application/problem+json')
    .send(JSON.stringify(describeProblem(error, request.id)));
}
