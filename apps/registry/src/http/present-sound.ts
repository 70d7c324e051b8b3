import { ProblemError } from '@synspine/protocol';
import type { Logger } from 'pino';
import type { z } from 'zod';

/** What is shown of a table's rows: `present` makes it, `schema` is the route's. */
export type Presentation<Row, S extends z.ZodType> = {
  log: Logger;
  table: string;
  schema: S;
  present: (row: Row) => z.input<S>;
  idOf: (row: Row) => string | number;
};

/**
 * The rows of a list as they are shown. One that breaks the schema, damaged or written by a newer version, is left out and
 * logged as ROW_DAMAGED by its id, so that it doesn't take the others with it.
 */
export function presentSound<Row, S extends z.ZodType>(
  rows: readonly Row[],
  presentation: Presentation<Row, S>,
): z.output<S>[] {
  return rows.flatMap((row) => presentOrNothing(row, presentation));
}

/** One row as it is shown. Throws ROW_DAMAGED where it breaks the schema, and logs its id. */
export function presentOne<Row, S extends z.ZodType>(
  row: Row,
  presentation: Presentation<Row, S>,
): z.output<S> {
  const [shown] = presentOrNothing(row, presentation);
  if (shown === undefined) throw new ProblemError('ROW_DAMAGED');
  return shown;
}

function presentOrNothing<Row, S extends z.ZodType>(
  row: Row,
  { log, table, schema, present, idOf }: Presentation<Row, S>,
): [] | [z.output<S>] {
  try {
    return [schema.parse(present(row))];
  } catch {
    // neither the row nor the error, which may quote it
    log.error({ code: 'ROW_DAMAGED', table, id: idOf(row) }, 'row left out');
    return [];
  }
}
