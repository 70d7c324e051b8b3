import {
  AUDIT_STATE_WORDS,
  DEMONSTRATION_WARNING,
  describeTestState,
  isDemonstration,
  stateOfAudit,
} from '@synspine/audit-rules';
import { TRAINING_PATIENTS_PER_CLASS_MIN } from '../films/label-schemes.ts';
import { describeRelease, type OwnReleases } from '../registry/release-progress.ts';
import type { Figure, RunSummary } from '../runs/run-summary.ts';

/** A run's outcome in a few plain lines. */
export function describeSummary(summary: RunSummary, own: OwnReleases | null = null): string {
  return [
    describeOutcome(summary, own),
    ...describeClasses(summary),
    ...describeFilters(summary),
    ...describeQuality(summary),
    ...describeAudit(summary),
  ].join('\n');
}

function describeOutcome(
  { runId, status, outcome, code, release }: RunSummary,
  own: OwnReleases | null,
): string {
  if (release) return `${runId}: ${describeRelease(release, own)} (${release.id}).`;
  if (status === 'rejected' || status === 'stopped')
    return `${runId}: ${outcome}: nothing was released (${code}). The reports stay in the run directory.`;
  if (status === 'running') return `${runId}: stopped in between. Run the command again to go on.`;
  return `${runId}: ${status}${code ? ` (${code})` : ''}.`;
}

function describeClasses({ classesLeftOut }: RunSummary): string[] {
  return classesLeftOut.map(
    ({ name, trainingPatients }) =>
      `  left out: ${name}, which ${trainingPatients} training patients share (a class needs ${TRAINING_PATIENTS_PER_CLASS_MIN})`,
  );
}

function describeFilters({ filters }: RunSummary): string[] {
  return (filters ?? []).flatMap(({ className, drawn, rejections }) => {
    const counts = rejections.map(({ filter, count }) => `${filter} ${count}`).join(', ');
    return rejections.length > 0
      ? [`  of ${drawn} candidates for ${className} the filters rejected: ${counts}`]
      : [];
  });
}

function describeQuality({ quality }: RunSummary): string[] {
  if (!quality?.fid) return [];
  const { fid, floor, labelFidelity, labelFidelityReal } = quality;
  const interval = `${fid.ciLow.toFixed(1)}–${fid.ciHigh.toFixed(1)}`;
  const beside = floor ? `, real against real ${floor.value.toFixed(1)}` : '';
  const fidelity = labelFidelity
    ? [
        `  ${labelFidelity.protocol} ${describeShare(labelFidelity)}, real films ${describeShare(labelFidelityReal!)}`,
      ]
    : [];
  return [`  ${fid.protocol} ${fid.value.toFixed(1)} (95 % ${interval})${beside}`, ...fidelity];
}

function describeShare({ value, ciLow, ciHigh }: Figure): string {
  return `${value.toFixed(2)} (95 % ${ciLow.toFixed(2)}–${ciHigh.toFixed(2)})`;
}

/** Four states in words: passed, accepted by policy, rejected (or undecided, which releases nothing either), not run. */
function describeAudit({ audit, status }: RunSummary): string[] {
  if (!audit) return status === 'running' ? [] : ['  privacy audit: not run'];
  const mark = isDemonstration(audit) ? [`  ${DEMONSTRATION_WARNING}`] : [];
  const lines = audit.tests
    .filter(({ verdict }) => verdict !== 'pass')
    .map((test) => {
      const { id, name, statistic, limit, patientsNeeded } = test;
      const needed = patientsNeeded ? `, needs ${patientsNeeded} held-out patients` : '';
      return `  ${id} ${name}: ${describeTestState(test, audit)} (${statistic.toPrecision(3)}, limit ${limit}${needed})`;
    });
  const objections = audit.decision === 'reject' ? audit.reasons.map((reason) => `  ${reason}`) : [];
  return [`  privacy audit: ${AUDIT_STATE_WORDS[stateOfAudit(audit)]}`, ...mark, ...lines, ...objections];
}
