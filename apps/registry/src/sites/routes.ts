import { ProblemError, type PublicJwk } from '@synspine/protocol';
import { ACCESS_TOKEN_SECONDS, issueAccessToken } from '../auth/access-tokens.ts';
import { requireAgentVersion } from '../auth/agent-version.ts';
import { verifyAssertion } from '../auth/client-assertion.ts';
import { useProof, verifyProof } from '../auth/dpop-proof.ts';
import type { Deps } from '../deps.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { enrolSite, inviteSite } from './enrolment.ts';
import { listSites } from './list-sites.ts';

type SiteRoutes = 'createSite' | 'enrol' | 'token' | 'siteKeys' | 'reportStatus' | 'listSites';

export function siteHandlers(deps: Deps): SomeHandlers<SiteRoutes> {
  const { prisma, config, clock } = deps;
  return {
    createSite: ({ body, caller }) => inviteSite(deps, body, caller.id),
    async enrol({ body, attempt }) {
      requireAgentVersion(body.agentVersion, config.agentVersionMin);
      const siteId = await attempt(body.code, () => enrolSite(deps, body));
      return { siteId, audience: config.publicUrl };
    },
    async token({ body, dpop, attempt }) {
      const proof = await verifyProof(deps, dpop, { method: 'POST', path: '/v1/token' });
      const assertion = body.client_assertion;
      const siteId = await attempt(assertion, () => verifyAssertion(deps, assertion));
      await useProof(deps, proof);
      const access_token = await issueAccessToken(deps, siteId, proof.thumbprint);
      await prisma.site.update({ where: { id: siteId }, data: { seenAt: clock() } });
      return { access_token, token_type: 'DPoP', expires_in: ACCESS_TOKEN_SECONDS };
    },
    async siteKeys({ params }) {
      const site = await prisma.site.findUnique({ where: { id: params.siteId } });
      if (!site) throw new ProblemError('NOT_FOUND');
      return { keys: site.signingKey ? [site.signingKey as PublicJwk] : [] };
    },
    async reportStatus({ body, caller }) {
      requireAgentVersion(body.agentVersion, config.agentVersionMin);
      const data = { status: body, agentVersion: body.agentVersion, seenAt: clock() };
      await prisma.site.update({ where: { id: caller.id }, data });
    },
    listSites: ({ caller }) => listSites(deps, caller.role),
  };
}
