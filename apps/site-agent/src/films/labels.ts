import { createReadStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { pipeline } from 'node:stream';
import { FINDINGS, type FilmFacts } from '@synspine/dicom';
import { parse } from 'csv-parse';
import { SiteError } from '../site-error.ts';
import { type FilmFinding, UNSPECIFIED_FINDING } from './label-schemes.ts';

/** What the label files say about a film. `group` is the study, for films that name no patient. */
export type FilmLabel = {
  findings: FilmFinding[];
  group?: string;
  /** One row calls it normal and another one abnormal. */
  isConflicting?: true;
};

/**
 * By SOP Instance UID or by the file's name without its ending, whichever the label file uses; else by accession number
 * and study, by either alone, as {@link orderKey} joins them.
 */
export type Labels = Map<string, FilmLabel>;

const FILM_COLUMNS = ['sop_instance_uid', 'sopinstanceuid', 'sop_uid', 'image_id', 'instance_uid'];
const ACCESSION_COLUMNS = ['accession_number', 'accessionnumber', 'accession'];
const LABEL_COLUMNS = ['label', 'class', 'diagnosis'];
const FINDING_COLUMNS = ['lesion_type', 'class_name', 'finding', 'findings'];
const GROUP_COLUMNS = ['study_id', 'study_instance_uid', 'studyinstanceuid'];

/**
 * Reads a CSV of labels: one row a film or one a finding, so that the rows of a film add up. A `label` column holds
 * `normal` or `abnormal`; a finding column the names of findings (several between semicolons), as VinDr-SpineXR's annotations
 * do. Where a file has both, the label says whether and the finding which. Column names are found in any case. Films
 * with another word as label stay unlabelled, and those that are called normal and abnormal are marked. A row without a
 * film stands for all films with its accession number, of its study where it names one. Throws LABELS_MISSING,
 * LABELS_UNREADABLE.
 */
export async function readLabels(...paths: string[]): Promise<Labels> {
  const labels: Labels = new Map();
  for (const path of paths) await addFile(labels, path);
  const shared = new Map<string, FilmFinding[]>(); // a hundred thousand films have a handful of combinations
  for (const [film, label] of labels) {
    const findings = settle(label.findings);
    const key = findings.join();
    labels.set(film, { ...label, findings: shared.get(key) ?? findings });
    if (!shared.has(key)) shared.set(key, findings);
  }
  return labels;
}

type FilmIds = Pick<FilmFacts, 'sopInstanceUid' | 'studyInstanceUid' | 'accessionNumber'>;

/** What the labels say about a film that lies in `file`; the row that names it most exactly counts. */
export function findLabel(labels: Labels, film: FilmIds, file: string): FilmLabel | undefined {
  const { sopInstanceUid, studyInstanceUid, accessionNumber } = film;
  const accession = accessionNumber?.trim() ?? '';
  return (
    labels.get(sopInstanceUid) ??
    labels.get(basename(file, extname(file))) ??
    (accession
      ? (labels.get(orderKey(accession, studyInstanceUid)) ?? labels.get(orderKey(accession, '')))
      : undefined) ??
    labels.get(orderKey('', studyInstanceUid))
  );
}

/** Of an order rather than a film; no UID and no file's name looks like it. */
function orderKey(accession: string, study: string): string {
  return `${accession}\0${study}`;
}

async function addFile(labels: Labels, path: string): Promise<void> {
  let columns: Columns | undefined;
  try {
    const rows = parse({ bom: true, relax_column_count: true, trim: true });
    pipeline(createReadStream(path), rows, () => undefined); // an error of either ends the loop below
    for await (const row of rows) {
      if (columns) addRow(labels, row as string[], columns);
      else columns = findColumns(row as string[]);
    }
  } catch (cause) {
    if (cause instanceof SiteError) throw cause;
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw new SiteError(isMissing ? 'LABELS_MISSING' : 'LABELS_UNREADABLE', undefined, { cause });
  }
  if (!columns) throw new SiteError('LABELS_UNREADABLE', 'it is empty');
}

/** Positions in a row; -1 where a file has no such column. */
type Columns = { film: number; accession: number; label: number; finding: number; group: number };

function findColumns(header: string[]): Columns {
  const names = header.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'));
  const find = (wanted: string[]) => names.findIndex((name) => wanted.includes(name));
  const columns = {
    film: find(FILM_COLUMNS),
    accession: find(ACCESSION_COLUMNS),
    label: find(LABEL_COLUMNS),
    finding: find(FINDING_COLUMNS),
    group: find(GROUP_COLUMNS),
  };
  const namesFilms = columns.film >= 0 || columns.accession >= 0 || columns.group >= 0;
  if (!namesFilms || (columns.label < 0 && columns.finding < 0)) throw new SiteError('LABELS_UNREADABLE');
  return columns;
}

function addRow(labels: Labels, row: string[], columns: Columns): void {
  const film = nameFilm(row, columns);
  const findings = findingsOf(row, columns);
  if (!film || findings.length === 0) return;
  const known = labels.get(film);
  const contradicts = known && columns.label >= 0 && isNormal(known.findings) !== isNormal(findings);
  const group = known?.group ?? (row[columns.group] || undefined);
  labels.set(film, {
    findings: [...(known?.findings ?? []), ...findings],
    ...(group && { group }),
    ...((contradicts || known?.isConflicting) && { isConflicting: true }),
  });
}

function nameFilm(row: string[], columns: Columns): string | undefined {
  const [accession, study] = [row[columns.accession] ?? '', row[columns.group] ?? ''];
  return row[columns.film] || (accession || study ? orderKey(accession, study) : undefined);
}

function isNormal(findings: readonly FilmFinding[]): boolean {
  return findings.every((finding) => finding === 'No finding');
}

function findingsOf(row: string[], columns: Columns): FilmFinding[] {
  const named = (row[columns.finding] ?? '').split(';').flatMap(nameFinding);
  if (columns.label < 0) return named;
  const label = row[columns.label]?.toLowerCase();
  if (label === 'normal') return ['No finding'];
  if (label !== 'abnormal') return [];
  const found = named.filter((finding) => finding !== 'No finding');
  return found.length > 0 ? found : [UNSPECIFIED_FINDING];
}

const SPELLINGS: Record<string, FilmFinding> = {
  ...Object.fromEntries(FINDINGS.map((finding) => [finding.toLowerCase(), finding])),
  spondylolysthesis: 'Spondylolisthesis', // as VinDr-SpineXR spells it
};

/** A finding that isn't among the labels is another lesion, as are VinDr-SpineXR's rare ones. */
function nameFinding(text: string): FilmFinding[] {
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, ' ');
  return word === '' ? [] : [SPELLINGS[word] ?? 'Other lesions'];
}

/** Each finding once, and "No finding" only alone: one row with a finding makes a film abnormal, however few there are. */
function settle(findings: readonly FilmFinding[]): FilmFinding[] {
  const once = [...new Set(findings)];
  const found = once.filter((finding) => finding !== 'No finding');
  return found.length > 0 ? found : once;
}
