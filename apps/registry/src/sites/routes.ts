import { ACCESS_TOKEN_SECONDS, issueAccessToken } from '../auth/access-tokens.ts';
import { requireAgentVersion } from '../auth/agent-version.ts';
import { verifyAssertion } from '../auth/client-assertion.ts';
import { useProof, verifyProof } from '../auth/dpop-proof.ts';
import type { Deps } from '../deps.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { enrolSite, inviteAgain, inviteSite } from './enrolment.ts';
import { listSites } from './list-sites.ts';
import { rotateKeys } from './rotate-keys.ts';
import { presentSiteKeys } from './signing-keys.ts';
import { resumeSite, revokeSite, suspendSite } from './standing.ts';

type SiteRoutes =
  | 'createSite'
  | 'inviteAgain'
  | 'suspendSite'
  | 'resumeSite'
  | 'revokeSite'
  | 'enrol'
  | 'token'
  | 'siteKeys'
  | 'rotateKeys'
  | 'reportStatus'
  | 'listSites';

export function siteHandlers(deps: Deps): SomeHandlers<SiteRoutes> {
  const { prisma, config, clock } = deps;
  return {
    createSite: ({ body, caller }) => inviteSite(deps, body, caller.id),
    inviteAgain: ({ params, caller }) => inviteAgain(deps, params.siteId, caller.id),
    suspendSite: ({ params, caller }) => suspendSite(deps, params.siteId, caller.id),
    resumeSite: ({ params, caller }) => resumeSite(deps, params.siteId, caller.id),
    revokeSite: ({ params, body, caller }) =>
      revokeSite(deps, { id: params.siteId, compromised: body.compromised }, caller.id),
    async enrol({ body, attempt }) {
      requireAgentVersion(body.agentVersion, config.agentVersionMin);
      const siteId = await attempt(body.code, () => enrolSite(deps, body));
      return { siteId, audience: config.publicUrl };
    },
    async token({ body, dpop, attempt }) {
      const proof = await verifyProof(deps, dpop, { method: 'POST', path: '/v1/token' });
      const assertion = body.client_assertion;
      const site = await attempt(assertion, () => verifyAssertion(deps, assertion));
      await useProof(deps, proof);
      const access_token = await issueAccessToken(deps, site, proof.thumbprint);
      await prisma.site.update({ where: { id: site.siteId }, data: { seenAt: clock() } });
      return { access_token, token_type: 'DPoP', expires_in: ACCESS_TOKEN_SECONDS };
    },
    siteKeys: ({ params }) => presentSiteKeys(prisma, params.siteId),
    rotateKeys: ({ body, caller }) => rotateKeys(deps, caller.id, body),
    async reportStatus({ body, caller }) {
      requireAgentVersion(body.agentVersion, config.agentVersionMin);
      const data = { status: body, agentVersion: body.agentVersion, seenAt: clock() };
      await prisma.site.update({ where: { id: caller.id }, data });
    },
    listSites: ({ caller }) => listSites(deps, caller.role),
  };
}
