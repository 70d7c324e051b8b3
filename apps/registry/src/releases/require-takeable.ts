import { isDemonstration } from '@synspine/audit-rules';
import { ProblemError, type ReleaseManifest } from '@synspine/protocol';
import { assertAuditApproved } from '@synspine/release';
import { requireAgentVersion } from '../auth/agent-version.ts';
import type { Database } from '../database/open-database.ts';
import { readStoredManifest } from '../datasets/present-dataset.ts';
import type { RegistryPolicy } from '../deps.ts';

const SKEW_MAX_MS = 120_000; // a site's clock may be ahead of ours by this much

/**
 * What a new release must hold beyond a sound manifest, by this registry's own clock and configuration: a recent enough agent, an audit
 * that names its policy, no date in the future, no acceptance that has run out since, no demonstration unless this registry is one.
 * Throws UPGRADE_REQUIRED, DATE_IN_FUTURE, AUDIT_NOT_APPROVED, DEMONSTRATION_REFUSED.
 */
export function requireTakeable(
  { agentVersion, createdAt, audit }: Pick<ReleaseManifest, 'agentVersion' | 'createdAt' | 'audit'>,
  config: Pick<RegistryPolicy, 'agentVersionMin' | 'takesDemonstrations'>,
  now: Date,
): void {
  requireAgentVersion(agentVersion, config.agentVersionMin);
  if (!audit.policy) throw new ProblemError('UPGRADE_REQUIRED', 'the audit names no policy');
  if (Date.parse(createdAt) > now.getTime() + SKEW_MAX_MS) throw new ProblemError('DATE_IN_FUTURE');
  assertAuditApproved(audit, now);
  if (isDemonstration(audit) && !config.takesDemonstrations) throw new ProblemError('DEMONSTRATION_REFUSED');
}

/**
 * A registry that others reach must not go on with what a demonstration left in its database.
 * Throws an error with code DEMONSTRATIONS_HELD when one is kept there that could still be served.
 */
export async function requireNoDemonstrations(
  prisma: Database,
  { takesDemonstrations }: Pick<RegistryPolicy, 'takesDemonstrations'>,
): Promise<void> {
  if (takesDemonstrations) return;
  const ids = await prisma.release.findMany({
    where: { status: { not: 'quarantined' } },
    select: { id: true },
  });
  for (const { id } of ids) {
    const { manifest } = await prisma.release.findUniqueOrThrow({
      where: { id },
      select: { manifest: true },
    });
    if (isDemonstration(readStoredManifest(manifest).audit))
      throw Object.assign(new Error('a demonstration is kept'), { code: 'DEMONSTRATIONS_HELD' });
  }
}
