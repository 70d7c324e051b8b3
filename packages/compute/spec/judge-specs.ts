import type { ExpectedFailures } from './expected-failures.ts';

/** What jasmine tells of a spec that is done. */
export interface SpecResult {
  fullName: string;
  status: 'passed' | 'failed' | 'pending' | 'excluded';
  failedExpectations: { message: string }[];
}

export interface Verdict {
  passed: number;
  /** Failed as listed. */
  expected: number;
  /** What tfjs itself marks as not for this platform. */
  pending: number;
  /** One line for each unexpected failure and for each list entry that nothing fails of. */
  problems: string[];
}

/** Suites made by describeWithFlags carry the environment in their name. */
const nameOf = (result: SpecResult) =>
  result.fullName.replace(/ test-tensorflow \{\}/, '').replace(/ +/g, ' ');
const saidBy = (result: SpecResult) => result.failedExpectations.map(({ message }) => message).join(' ');

function isListed(result: SpecResult, { says, specs }: ExpectedFailures): boolean {
  return specs.some((spec) => nameOf(result).startsWith(spec)) && says.test(saidBy(result));
}

/** Entries that no spec fails of any more: the list must not outlive its reasons. */
function staleEntries(failed: SpecResult[], list: ExpectedFailures[]): string[] {
  return list
    .filter(({ mayPass }) => !mayPass)
    .flatMap(({ reason, says, specs }) =>
      specs
        .filter((spec) => !failed.some((result) => isListed(result, { reason, says, specs: [spec] })))
        .map((spec) => `${spec}: listed as failing (${reason}), but nothing fails so`),
    );
}

export function judgeSpecs(results: SpecResult[], list: ExpectedFailures[]): Verdict {
  const count = (status: SpecResult['status']) => results.filter((result) => result.status === status).length;
  const failed = results.filter(({ status }) => status === 'failed');
  const unexpected = failed.filter((result) => !list.some((entry) => isListed(result, entry)));
  return {
    passed: count('passed'),
    expected: failed.length - unexpected.length,
    pending: count('pending'),
    problems: [
      ...unexpected.map((result) => `${nameOf(result)}: ${saidBy(result).slice(0, 500)}`),
      ...staleEntries(failed, list),
    ],
  };
}
