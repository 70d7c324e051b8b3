import {
  describeProgress,
  describeWait,
  type ReleaseProgress,
  RUN_REASONS,
  type SiteOverview,
  type VerifierSeen,
} from '@synspine/protocol';
import { useQuery } from '@tanstack/react-query';
import type { Session } from '../session/session.ts';
import { SiteAudit } from '../ui/audit-state.tsx';
import { ScoreCell, scoreOf, Verdict } from '../ui/figures.tsx';
import { QueryState } from '../ui/query-state.tsx';

const REFRESH_MS = 5_000;
type Props = { session: Session; selected: string | null; onSelect(id: string | null): void };

/** One row a site: what it is doing, how its last run ended, and the figures of its latest release. */
export function SitesTable({ session, selected, onSelect }: Props) {
  const query = useQuery({
    queryKey: ['sites'],
    queryFn: () => session.client.call('listSites', {}),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section aria-labelledby="sites">
      <h2 id="sites">Sites</h2>
      <QueryState query={query} session={session} what="sites">
        {({ sites, verifier }) =>
          sites.length === 0 ? (
            <p>
              No site yet. Invite one with <code>synspine-registry invite SITE</code>.
            </p>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Site</th>
                    <th scope="col">Now</th>
                    <th scope="col">Last run</th>
                    <th scope="col" className="number">
                      FID <small>95 % CI, lower is better</small>
                    </th>
                    <th scope="col" className="number">
                      KID
                    </th>
                    <th scope="col" className="number">
                      Precision
                    </th>
                    <th scope="col" className="number">
                      Recall
                    </th>
                    <th scope="col" className="number">
                      Coverage
                    </th>
                    <th scope="col">Audit</th>
                    <th scope="col" className="number">
                      Release
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {sites.map((s) => (
                    <SiteRow
                      key={s.id}
                      site={s}
                      verifier={verifier}
                      selected={s.id === selected}
                      onSelect={onSelect}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </QueryState>
    </section>
  );
}

function SiteRow({
  site,
  verifier,
  selected,
  onSelect,
}: {
  site: SiteOverview;
  verifier: VerifierSeen | undefined;
  selected: boolean;
  onSelect: Props['onSelect'];
}) {
  const scores = site.latest?.manifest.quality.scores ?? [];
  const lastRun = site.status?.lastRun;
  return (
    <tr aria-selected={selected}>
      <th scope="row">
        <button
          type="button"
          className="link"
          onClick={() => onSelect(selected ? null : site.id)}
          aria-expanded={selected}
        >
          {site.name}
        </button>
      </th>
      <td>{activity(site)}</td>
      <td>
        {lastRun ? (
          <>
            <Verdict of={lastRun.decision} /> <small>{new Date(lastRun.finishedAt).toLocaleString()}</small>
            {lastRun.code && (
              <small className="note">
                {RUN_REASONS[lastRun.code][1]} ({lastRun.code})
              </small>
            )}
          </>
        ) : (
          <span className="quiet">none</span>
        )}
      </td>
      {(['fid', 'kid', 'precision', 'recall', 'coverage'] as const).map((m) => (
        <ScoreCell key={m} score={scoreOf(scores, m)} />
      ))}
      <td>
        <SiteAudit site={site} />
      </td>
      <td className="number">
        {site.latest ? `v${site.latest.version}` : '–'}
        {site.latest?.withdrawnAncestors?.map((gone) => (
          <small key={gone.releaseId} className="note">
            ⚠ its weights come from {gone.siteId} v{gone.version}, withdrawn ({gone.reason})
          </small>
        ))}
        {site.pending && <Pending release={site.pending} verifier={verifier ?? { seenAt: null }} />}
      </td>
    </tr>
  );
}

/** Of a release that researchers don't see: what it waits for, or why it is in quarantine, told to admins alone. */
function Pending({ release, verifier }: { release: ReleaseProgress; verifier: VerifierSeen }) {
  return <small className="note">{describeProgress(release, verifier)}</small>;
}

function activity(site: SiteOverview): string {
  if (site.revokedAt) return 'revoked';
  if (site.suspendedAt) return 'suspended';
  if (!site.enrolledAt) return 'invited';
  if (!site.status || site.status.stage === 'idle') return 'idle';
  const { waiting } = site.status;
  if (waiting)
    return `${site.status.stage}, ${describeWait({ ...waiting, since: new Date(waiting.since).toLocaleString() })}`;
  return `${site.status.stage} ${Math.round(site.status.progress * 100)} %`;
}
