import { createReadStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { pipeline } from 'node:stream';
import { FINDINGS } from '@synspine/dicom';
import { parse } from 'csv-parse';
import { SiteError } from '../site-error.ts';
import { type FilmFinding, UNSPECIFIED_FINDING } from './label-schemes.ts';

/** What a label file says about a film. `group` is the study, for films that name no patient. */
export type FilmLabel = { findings: FilmFinding[]; group?: string };

/** By SOP Instance UID or by the file's name without its ending, whichever the label file uses. */
export type Labels = Map<string, FilmLabel>;

const FILM_COLUMNS = ['sop_instance_uid', 'sopinstanceuid', 'sop_uid', 'image_id', 'instance_uid'];
const LABEL_COLUMNS = ['label', 'class', 'diagnosis'];
const FINDING_COLUMNS = ['lesion_type', 'class_name', 'finding', 'findings'];
const GROUP_COLUMNS = ['study_id', 'study_instance_uid'];

/**
 * Reads a CSV of labels: one row a film or one a finding, so that the rows of a film add up. A `label` column holds
 * `normal` or `abnormal`; a finding column the names of findings (several between semicolons), as VinDr-SpineXR's annotations
 * do. Where a file has both, the label says whether and the finding which. Column names are found in any case. Films
 * with another word as label stay unlabelled. Throws LABELS_UNREADABLE.
 */
export async function readLabels(...paths: string[]): Promise<Labels> {
  const labels: Labels = new Map();
  for (const path of paths) await addFile(labels, path);
  for (const [film, label] of labels) labels.set(film, { ...label, findings: settle(label.findings) });
  return labels;
}

/** What the labels say about a film that lies in `file`. */
export function findLabel(labels: Labels, sopInstanceUid: string, file: string): FilmLabel | undefined {
  return labels.get(sopInstanceUid) ?? labels.get(basename(file, extname(file)));
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
    throw cause instanceof SiteError ? cause : new SiteError('LABELS_UNREADABLE', undefined, { cause });
  }
  if (!columns) throw new SiteError('LABELS_UNREADABLE', 'it is empty');
}

/** Positions in a row; -1 where a file has no such column. */
type Columns = { film: number; label: number; finding: number; group: number };

function findColumns(header: string[]): Columns {
  const names = header.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'));
  const find = (wanted: string[]) => names.findIndex((name) => wanted.includes(name));
  const columns = {
    film: find(FILM_COLUMNS),
    label: find(LABEL_COLUMNS),
    finding: find(FINDING_COLUMNS),
    group: find(GROUP_COLUMNS),
  };
  if (columns.film < 0 || (columns.label < 0 && columns.finding < 0))
    throw new SiteError('LABELS_UNREADABLE');
  return columns;
}

function addRow(labels: Labels, row: string[], columns: Columns): void {
  const film = row[columns.film];
  const findings = findingsOf(row, columns);
  if (!film || findings.length === 0) return;
  const group = row[columns.group] || undefined;
  const known = labels.get(film);
  labels.set(film, { findings: [...(known?.findings ?? []), ...findings], group: known?.group ?? group });
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
