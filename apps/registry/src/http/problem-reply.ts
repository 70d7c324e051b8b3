import { PROBLEMS, type Problem, type ProblemCode, ProblemError } from '@synspine/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_VALIDATION: 'VALIDATION_FAILED',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'VALIDATION_FAILED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'VALIDATION_FAILED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'VALIDATION_FAILED',
  FST_ERR_BAD_URL: 'VALIDATION_FAILED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
};

/** Any thrown value as a problem of the table: fastify's own refusals by code, all else is INTERNAL. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { code = '', validation, message } = error as FastifyError;
  const known = FASTIFY_CODES[code];
  if (known === undefined) return new ProblemError(isStoreDown(error) ? 'STORE_UNAVAILABLE' : 'INTERNAL');
  return new ProblemError(known, validation?.[0] ? describeIssue(error as FastifyError) : message);
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

/** Sends problem+json (RFC 9457). */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: ProblemError) {
  const { code, status, detail, withdrawal } = error;
  const body: Problem = {
    type: `urn:synspine:problem:${code}`,
    title: PROBLEMS[code][1],
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    requestId: request.id,
    ...(withdrawal && { withdrawal }),
  };
  if (status === 401) reply.header('www-authenticate', 'Bearer, DPoP algs="EdDSA ES256"');
  if (code === 'RATE_LIMITED') reply.header('retry-after', '60');
  request.problem = error;
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(body));
}
