import { TRAINING_PATIENTS_PER_CLASS_MIN } from '../films/label-schemes.ts';
import type { Figure, RunSummary } from '../runs/run-summary.ts';

/** A run's outcome in a few plain lines. */
export function describeSummary(summary: RunSummary): string {
  return [
    describeOutcome(summary),
    ...describeClasses(summary),
    ...describeFilters(summary),
    ...describeQuality(summary),
    ...describeAudit(summary),
  ].join('\n');
}

function describeOutcome({ runId, status, outcome, code, release }: RunSummary): string {
  if (release) return `${runId}: release ${release.version} is published (${release.id}).`;
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

function describeAudit({ audit }: RunSummary): string[] {
  if (!audit) return [];
  const open = audit.tests.filter(({ verdict }) => verdict !== 'pass');
  const lines = open.map(({ id, name, statistic, limit, verdict, patientsNeeded }) => {
    const needed = patientsNeeded ? `, needs ${patientsNeeded} held-out patients` : '';
    return `  ${id} ${name}: ${verdict} (${statistic.toPrecision(3)}, limit ${limit}${needed})`;
  });
  const accepted = audit.acceptedUndecided
    ? [`  undecided tests accepted by policy: ${audit.acceptedUndecided.reason}`]
    : [];
  return [`  privacy audit: ${audit.decision}`, ...lines, ...accepted];
}
