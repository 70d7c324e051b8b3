import { SiteError } from '../../site-error.ts';

/** Days as DICOM writes them, YYYYMMDD, both included. */
export type Days = { from: string; to: string };

/** Before the first radiograph. */
export const FIRST_DATE = '18950101';

const DAY_MS = 86_400_000;

/** The last day that a study may be of: an archive can lie in another time zone. */
export function tomorrow(): string {
  return write(Date.now() + DAY_MS);
}

/** Both halves of some days. Throws PULL_INVALID for a single one. */
export function splitDays({ from, to }: Days): [Days, Days] {
  const days = Math.round((read(to) - read(from)) / DAY_MS);
  if (!(days >= 1)) throw new SiteError('PULL_INVALID', 'more studies on one day than pageSize; raise it');
  const middle = read(from) + Math.floor(days / 2) * DAY_MS;
  return [
    { from, to: write(middle) },
    { from: write(middle + DAY_MS), to },
  ];
}

function read(day: string): number {
  return Date.parse(day.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
}

function write(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}
