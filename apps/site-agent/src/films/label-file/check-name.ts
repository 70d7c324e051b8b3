import { fold } from './fold.ts';
import { unreadable } from './read-rows.ts';

const AS_TEXT = 'format the column as text where it was written, and export it again';
const MONTH =
  '(jan|ene|gen|feb|fev|mar|marz|mrz|mrt|apr|avr|abr|mai|may|mag|mei|jun|juin|giu|jul|juil|lug|aug|aout|ago|sep|sept|set|oct|okt|ott|nov|dec|dez|dic)[a-z]{0,2}\\.?';

/** What a spreadsheet program makes of a number or a name that it takes for something else. It can't be undone. */
const DAMAGES: [RegExp, string][] = [
  [/^[+-]?\d([.,]\d+)?e\+\d+$/, `a long number was shortened to powers of ten: ${AS_TEXT}`],
  [/^#([a-z/0-9]+[!?]?|#+)$/, `the spreadsheet shows an error there: ${AS_TEXT}`],
  [new RegExp(`^\\d{1,2}[-. ]{1,2}${MONTH}([-. ]\\d{2,4})?$`), `something became a date: ${AS_TEXT}`],
  [new RegExp(`^${MONTH}[-. ]\\d{2,4}$`), `something became a month: ${AS_TEXT}`],
  [/^\d{1,2}\/\d{1,2}\/\d{4}$/, `something became a date: ${AS_TEXT}`],
];

/** Refuses a film's or an order's name that a spreadsheet program has damaged. Throws LABELS_UNREADABLE; never says the name. */
export function checkName(name: string, row: number, column: string): void {
  const damage = DAMAGES.find(([pattern]) => pattern.test(fold(name)));
  if (damage) throw unreadable(`row ${row}, column ${column}: ${damage[1]}`);
}
