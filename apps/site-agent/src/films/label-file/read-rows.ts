import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { SiteError } from '../../site-error.ts';
import { type Columns, findColumns } from './columns.ts';
import { decodeText } from './decode-text.ts';

/** One row below the header. `row` counts as a spreadsheet does, from 1, title rows and the header included. */
export type LabelRow = { row: number; cells: string[] };

const SEPARATORS = [',', ';', '\t', '|'];
const HEADER_WITHIN_ROWS = 20; // titles, the hospital's name and a date stand above it, not pages
const SAMPLE_CHARACTERS = 65_536;
const FILE_BYTES_MAX = 256 * 1024 * 1024; // millions of rows
const WORKBOOK_STARTS = ['PK\x03\x04', '\xd0\xcf\x11\xe0'];

/** Tells the CSV dialect by the header: with the right separator, one of the first rows names a film and what was found. */
type Dialect = { delimiter: string; columns: Columns; header: number };

/**
 * Reads a table of labels: any encoding, separator, a `sep=` line, title rows. Throws LABELS_MISSING, LABELS_UNREADABLE with what
 * to change; no cell's content is ever said.
 */
export async function* readRows(path: string): AsyncGenerator<LabelRow & { columns: Columns }> {
  const { text, separator } = takeSeparator(decodeText(await readTable(path)));
  if (text.trim() === '') throw unreadable('the file is empty');
  const dialect = findDialect(text, separator ? [separator] : SEPARATORS);
  if (!dialect)
    throw unreadable(
      `none of the first ${HEADER_WITHIN_ROWS} rows is a header with both columns, whether separated by comma, semicolon, tab or bar`,
    );
  let row = 0;
  try {
    for await (const cells of parse(text, parserOptions(dialect.delimiter))) {
      row++;
      if (row <= dialect.header) continue;
      yield { row, cells: (cells as string[]).map(cleanCell), columns: dialect.columns };
    }
  } catch (cause) {
    if (cause instanceof SiteError) throw cause;
    // Without its cause, which holds the cell.
    const { records = 0 } = cause as { records?: number };
    throw unreadable(`row ${records + 1}: its quotation marks do not pair up; correct or remove them`);
  }
}

async function readTable(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(cause.code ?? '');
    throw new SiteError(isMissing ? 'LABELS_MISSING' : 'LABELS_UNREADABLE', undefined, { cause });
  });
  if (bytes.length > FILE_BYTES_MAX) throw unreadable('the file is larger than 256 MiB; divide it');
  const start = bytes.subarray(0, 4).toString('latin1');
  if (WORKBOOK_STARTS.includes(start))
    throw unreadable('the file is a workbook; save it as "CSV UTF-8" in the spreadsheet program');
  return bytes;
}

/** Excel writes and reads a first line such as `sep=;`, which is no row. */
function takeSeparator(text: string): { text: string; separator?: string } {
  const line = /^"?sep=(.)"?[\t;, ]*(\r\n|\r|\n)/i.exec(text);
  return line ? { text: text.slice(line[0].length), separator: line[1]! } : { text };
}

function findDialect(text: string, separators: readonly string[]): Dialect | null {
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  for (const delimiter of separators) {
    for (const [i, cells] of readHead(sample, delimiter).entries()) {
      const columns = findColumns(cells.map(cleanCell));
      if (columns) return { delimiter, columns, header: i + 1 };
    }
  }
  return null;
}

/** The rows before anything that makes no table with this separator. */
function readHead(sample: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  const keep = (cells: string[]) => {
    rows.push(cells);
    return null; // kept here: what the parser returns is lost when it throws
  };
  try {
    parseNow(sample, { ...parserOptions(delimiter), to: HEADER_WITHIN_ROWS, on_record: keep });
  } catch {
    // Reading the whole table will say what is wrong, with its row.
  }
  return rows;
}

function parserOptions(delimiter: string) {
  return { delimiter, bom: true, relax_column_count: true, relax_quotes: true, trim: delimiter !== '\t' };
}

/** Without spaces that are no ASCII, and without what keeps a spreadsheet from making a number of it: `="1.2"`, `'1.2`. */
function cleanCell(cell: string): string {
  const text = cell.replace(/[\u200b\ufeff]/g, '').trim();
  return text
    .replace(/^="(.*)"$/s, '$1')
    .replace(/^'(?=\S)/, '')
    .trim();
}

export function unreadable(detail: string): SiteError {
  return new SiteError('LABELS_UNREADABLE', detail);
}
