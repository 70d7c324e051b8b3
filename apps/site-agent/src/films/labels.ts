import type { FilmFacts } from '@synspine/dicom';
import { checkName } from './label-file/check-name.ts';
import type { ColumnName, Columns } from './label-file/columns.ts';
import { keysOfFile, longPathKeys, nameKey } from './label-file/film-names.ts';
import { type LabelRow, readRows, unreadable } from './label-file/read-rows.ts';
import { findMeaning, type LabelWords, USUAL_WORDS } from './label-file/words.ts';
import { type FilmFinding, UNSPECIFIED_FINDING } from './label-schemes.ts';

/** Why what a label file says about a film is not taken. */
type LabelFaultCode = 'LABEL_CONFLICT' | 'LABEL_UNKNOWN' | 'LABEL_AMBIGUOUS' | 'LABEL_ZEROS_LOST';

/** The cell to correct; `row` as a spreadsheet counts. */
export type LabelFault = { code: LabelFaultCode; labelRow: number; labelColumn: ColumnName };

/** What the label files say about a film. `group` is the study, for films that name no patient. */
export type FilmLabel = {
  findings: FilmFinding[];
  group?: string;
  /** The first row that names it, and the column that does. */
  row: number;
  column: ColumnName;
  fault?: LabelFault;
};

/**
 * By SOP Instance UID or by the file's name or path (see nameKey), whichever the label file uses; else by accession number
 * and study, by either alone, as {@link orderKey} joins them.
 */
export type Labels = Map<string, FilmLabel>;

/**
 * Reads CSVs of labels: one row a film or one a finding, so that the rows of a film add up. A `label` column holds
 * `normal` or `abnormal`; a finding column the names of findings (several between semicolons), as VinDr-SpineXR's annotations
 * do. Where a file has both, the label says whether and the finding which. Column names are found in any case. A film
 * with a word that nobody mapped, or that rows call normal and abnormal, bears that fault. A row without a film stands for all
 * films with its accession number, of its study where it names one. Throws LABELS_MISSING, LABELS_UNREADABLE.
 */
export async function readLabels(paths: readonly string[], words = USUAL_WORDS): Promise<Labels> {
  const labels: Labels = new Map();
  for (const path of paths) await addFile(labels, path, words);
  const shared = new Map<string, FilmFinding[]>(); // a hundred thousand films have a handful of combinations
  for (const [film, label] of labels) {
    const findings = settle(label.findings);
    const key = findings.join();
    labels.set(film, { ...label, findings: shared.get(key) ?? findings });
    if (!shared.has(key)) shared.set(key, findings);
  }
  addLongPaths(labels);
  return labels;
}

type FilmIds = Pick<FilmFacts, 'sopInstanceUid' | 'studyInstanceUid' | 'accessionNumber'>;

/** What the labels say about a film that lies in `file` of `folder`; the row that names it most exactly counts. */
export function findLabel(labels: Labels, film: FilmIds, file: string, folder = ''): FilmLabel | undefined {
  const { ends, long } = keysOfFile(folder, file);
  const keys = [film.sopInstanceUid, ...ends, ...long, ...orderKeys(film)];
  for (const key of keys) {
    const label = labels.get(key);
    if (label) return label;
  }
  return findWithoutZeros(labels, film, ends.at(-1)!);
}

function orderKeys({ accessionNumber, studyInstanceUid }: FilmIds): string[] {
  const accession = accessionNumber?.trim() ?? '';
  const own = accession ? [orderKey(accession, studyInstanceUid), orderKey(accession, '')] : [];
  return [...own, orderKey('', studyInstanceUid)];
}

/** Spreadsheets make `7` of `0007`: such a row is pointed out, not taken, since `007` may be another film. */
function findWithoutZeros(labels: Labels, film: FilmIds, name: string): FilmLabel | undefined {
  const strip = (text: string) => text.replace(/^0+(?=\d+$)/, '');
  const accessionNumber = strip(film.accessionNumber?.trim() ?? '');
  const keys = [strip(name), ...orderKeys({ ...film, accessionNumber })];
  const label = keys.map((key) => labels.get(key)).find((found) => found !== undefined);
  return label && withFault(label, 'LABEL_ZEROS_LOST');
}

/** Marks the rows whose name fits several files of the folder: nobody knows whose they are. Call once for each file. */
export function createNameCounter(labels: Labels, folder: string): (file: string) => void {
  const met = new Set<string>();
  return (file) => {
    const { ends, long } = keysOfFile(folder, file);
    for (const key of new Set([...ends, ...long])) {
      const label = labels.get(key);
      if (label && met.has(key)) labels.set(key, withFault(label, 'LABEL_AMBIGUOUS'));
      else if (label) met.add(key);
    }
  };
}

function withFault(label: FilmLabel, code: LabelFaultCode): FilmLabel {
  return { ...label, fault: { code, labelRow: label.row, labelColumn: label.column } };
}

/** Paths that begin above the folder that will be ingested are found by their ends, too, where only one path ends so. */
function addLongPaths(labels: Labels): void {
  const paths = [...labels].filter(([key]) => key.includes('/') && !isOrder(key));
  const hasOneFolder = new Set(paths.map(([key]) => key.slice(0, key.lastIndexOf('/')))).size === 1;
  for (const [path, label] of paths)
    for (const key of longPathKeys(path, hasOneFolder)) {
      const other = labels.get(key);
      labels.set(key, other ? withFault(other, 'LABEL_AMBIGUOUS') : label);
    }
}

/** Of an order rather than a film; no UID and no file's name looks like it. */
function orderKey(accession: string, study: string): string {
  return `${accession}\0${study}`;
}

function isOrder(key: string): boolean {
  return key.includes('\0');
}

async function addFile(labels: Labels, path: string, words: LabelWords): Promise<void> {
  for await (const row of readRows(path)) addRow(labels, row, words);
}

type Row = LabelRow & { columns: Columns };

function addRow(labels: Labels, row: Row, words: LabelWords): void {
  const named = nameFilm(row);
  if (!named) {
    checkNameless(row, words);
    return;
  }
  const { findings, fault } = findingsOf(row, words);
  if (findings.length === 0 && !fault) return;
  const known = labels.get(named.key);
  const isBoth =
    row.columns.label >= 0 && known?.findings.length && isNormal(known.findings) !== isNormal(findings);
  const conflict: LabelFault = { code: 'LABEL_CONFLICT', labelRow: row.row, labelColumn: 'label' };
  const group = known?.group ?? (cellOf(row, 'group') || undefined);
  const anyFault = known?.fault ?? fault ?? (isBoth && findings.length > 0 ? conflict : undefined);
  labels.set(named.key, {
    findings: [...(known?.findings ?? []), ...findings],
    row: known?.row ?? row.row,
    column: named.column,
    ...(group && { group }),
    ...(anyFault && { fault: anyFault }),
  });
}

function cellOf({ cells, columns }: Row, column: ColumnName): string {
  return cells[columns[column]] ?? '';
}

function nameFilm(row: Row): { key: string; column: ColumnName } | undefined {
  const [film, accession, group] = (['film', 'accession', 'group'] as const).map((column) => {
    const name = cellOf(row, column);
    checkName(name, row.row, column);
    return name;
  }) as [string, string, string];
  if (film) return { key: nameKey(film), column: 'film' };
  if (!accession && !group) return undefined;
  return { key: orderKey(accession, group), column: accession ? 'accession' : 'group' };
}

/** A finding that belongs to nobody would be lost in silence: merged cells and cut tables look so. */
function checkNameless(row: Row, words: LabelWords): void {
  if (findingsOf(row, words).findings.length > 0)
    throw unreadable(
      `row ${row.row}: it says a finding and names no film; fill in the film, or remove the row`,
    );
}

function isNormal(findings: readonly FilmFinding[]): boolean {
  return findings.every((finding) => finding === 'No finding');
}

type Told = { findings: FilmFinding[]; fault?: LabelFault };

function findingsOf(row: Row, words: LabelWords): Told {
  if (row.columns.label < 0) return tell(row, 'finding', words);
  const label = tell(row, 'label', words);
  if (label.fault || label.findings.length === 0 || isNormal(label.findings)) return label;
  const named = tell(row, 'finding', words);
  if (named.fault) return named;
  const found = [...label.findings, ...named.findings].filter(
    (finding) => finding !== 'No finding' && finding !== UNSPECIFIED_FINDING,
  );
  return { findings: found.length > 0 ? found : [UNSPECIFIED_FINDING] };
}

function tell(row: Row, column: 'label' | 'finding', words: LabelWords): Told {
  const findings = findMeaning(cellOf(row, column), words);
  if (findings !== 'unknown') return { findings };
  return { findings: [], fault: { code: 'LABEL_UNKNOWN', labelRow: row.row, labelColumn: column } };
}

/** Each finding once, and "No finding" only alone: one row with a finding makes a film abnormal, however few there are. */
function settle(findings: readonly FilmFinding[]): FilmFinding[] {
  const once = [...new Set(findings)];
  const found = once.filter((finding) => finding !== 'No finding');
  return found.length > 0 ? found : once;
}
