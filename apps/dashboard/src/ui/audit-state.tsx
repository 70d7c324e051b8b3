import {
  AUDIT_STATE_WORDS,
  type AuditReport,
  type AuditState,
  type AuditTest,
  DEMONSTRATION_WARNING,
  isDemonstration,
  stateOfAudit,
  stateOfTest,
} from '@synspine/audit-rules';
import type { SiteOverview } from '@synspine/protocol';

const marks: Record<AuditState | 'notRun', string> = {
  passed: '✓',
  accepted: '!',
  rejected: '✗',
  undecided: '✗',
  notRun: '–',
};

function State({ of, children }: { of: AuditState | 'notRun'; children?: string }) {
  return (
    <span className={`verdict ${of}`}>
      {marks[of]} {children ?? (of === 'notRun' ? 'not run' : AUDIT_STATE_WORDS[of])}
    </span>
  );
}

/** How the audit of a release came out. What a policy accepts is amber and says so; it is never shown as passed. */
export function AuditOutcome({ audit }: { audit: AuditReport }) {
  return (
    <>
      <State of={stateOfAudit(audit)} />
      {isDemonstration(audit) && <DemonstrationBadge />}
      {(audit.accepted ?? []).map(({ test, reason, expires }) => (
        <small className="note" key={test}>
          {nameOf(audit, test)} accepted undecided until {expires}: “{reason}”
        </small>
      ))}
      {audit.acceptedUndecided && (
        <small className="note">undecided tests accepted: “{audit.acceptedUndecided.reason}”</small>
      )}
    </>
  );
}

function nameOf({ tests }: AuditReport, key: AuditTest['key']): string {
  const test = tests.find((one) => one.key === key);
  return test ? `${test.id} ${test.name}` : String(key);
}

/** One test's state, with reason and last day where the policy accepts that it is undecided. */
export function TestOutcome({ test, audit }: { test: AuditTest; audit: AuditReport }) {
  const { state, acceptance } = stateOfTest(test, audit);
  return (
    <>
      <State of={state} />
      {acceptance && (
        <small className="note">
          {acceptance.expires ? `until ${acceptance.expires}: ` : ''}“{acceptance.reason}”
        </small>
      )}
    </>
  );
}

/** The audit of a site: of its newest release, else of its last run, which then released nothing. */
export function SiteAudit({ site }: { site: SiteOverview }) {
  if (site.latest) return <AuditOutcome audit={site.latest.manifest.audit} />;
  const decision = site.status?.lastRun?.decision;
  if (decision === 'reject') return <State of="rejected" />;
  if (decision === 'undecided') return <State of="undecided">rejected: undecided, too few patients</State>;
  return <State of="notRun" />;
}

function DemonstrationBadge() {
  return (
    <span className="badge" title={DEMONSTRATION_WARNING}>
      demonstration policy
    </span>
  );
}
