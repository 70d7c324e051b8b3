import { type AuditReport, type AuditTest, stateOfTest } from '../../packages/audit-rules/src/index.ts';

const figure = (value: number) => String(Number(value.toPrecision(3)));

/** A test of a report as a row under {@link TEST_HEAD}. */
export function rowOfTest(test: AuditTest, audit: AuditReport): string[] {
  const interval = `${figure(test.ciLow)} to ${figure(test.ciHigh)}`;
  const counts = [test.n, test.patients, test.patientsNeeded ?? ''].map(String);
  return [test.id, test.name, figure(test.statistic), interval, figure(test.limit), ...counts].concat(
    stateOfTest(test, audit).state,
  );
}

export const TEST_HEAD = [
  'test',
  'name',
  'figure',
  '95 % interval',
  'limit',
  'n',
  'held-out patients',
  'needed',
  'state',
];
