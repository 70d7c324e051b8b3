import { timingSafeEqual } from 'node:crypto';
import { ProblemError, type Role, type Route } from '@synspine/protocol';
import type { FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import type { AttemptCredential } from '../http/limit-failures.ts';
import type { Caller } from '../http/route-types.ts';
import { authenticateSite } from './access-tokens.ts';
import { hashSecret } from './secrets.ts';

/** The id of the admin whose token is in the configuration. */
export const CONFIGURED_ADMIN = 'configured-admin';

/**
 * Who sent the request, judged anew at each call: a person by a bearer token, a site by a DPoP-bound one. Undefined
 * for a public route. Throws TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, PROOF_INVALID, CLOCK_SKEW, RATE_LIMITED or
 * FORBIDDEN.
 */
export async function authenticate(
  deps: Pick<Deps, 'prisma' | 'config' | 'clock'> & { attempt: AttemptCredential },
  request: FastifyRequest,
  roles: Route['roles'],
): Promise<Caller | undefined> {
  if (roles === 'public') return undefined;
  const credential = request.raw.headers.authorization;
  if (credential === undefined) throw new ProblemError('TOKEN_MISSING');
  const from = { address: request.ip, credential };
  const caller = await deps.attempt(from, () => readCaller(deps, request, credential));
  if (!roles.includes(caller.role)) throw new ProblemError('FORBIDDEN', `for: ${roles.join(', ')}`);
  return caller;
}

async function readCaller(
  deps: Pick<Deps, 'prisma' | 'config' | 'clock'>,
  request: FastifyRequest,
  credential: string,
): Promise<Caller> {
  const { dpop } = request.raw.headers;
  const [scheme = '', token = ''] = credential.split(' ');
  if (token === '') throw new ProblemError('TOKEN_MISSING');
  if (/^bearer$/i.test(scheme)) return authenticatePerson(deps, token);
  if (!/^dpop$/i.test(scheme)) throw new ProblemError('TOKEN_INVALID', 'use Bearer or DPoP');
  const path = request.url.split('?', 1)[0]!;
  // A HEAD request is proved as what it is; two DPoP headers are refused (RFC 9449 §4.3, step 1).
  return authenticateSite(deps, token, typeof dpop === 'string' ? dpop : undefined, {
    method: request.method,
    path,
  });
}

async function authenticatePerson(
  { prisma, config, clock }: Pick<Deps, 'prisma' | 'config' | 'clock'>,
  token: string,
): Promise<Caller> {
  const tokenHash = hashSecret(token);
  if (config.adminTokenSha256 && isEqual(tokenHash, config.adminTokenSha256))
    return { role: 'admin', id: CONFIGURED_ADMIN };
  const grant = await prisma.grant.findUnique({ where: { tokenHash } });
  if (!grant || grant.revokedAt) throw new ProblemError('TOKEN_INVALID');
  if (grant.expiresAt <= clock()) throw new ProblemError('TOKEN_EXPIRED', 'ask the registry’s admin');
  return { role: grant.role as Role, id: grant.id };
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
