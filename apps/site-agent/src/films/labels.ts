import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { SiteError } from '../site-error.ts';

export type Label = 'normal' | 'abnormal';
/** The order of the classes everywhere: condition 0 is normal, 1 abnormal. */
export const CLASS_NAMES = ['normal', 'abnormal'] as const satisfies readonly Label[];

/** Labels by SOP Instance UID. */
export type Labels = Map<string, Label>;

const UID_COLUMNS = ['sop_instance_uid', 'sopinstanceuid', 'sop_uid', 'image_id', 'instance_uid'];
const LABEL_COLUMNS = ['label', 'class', 'diagnosis'];
const FINDING_COLUMNS = ['lesion_type', 'class_name', 'finding'];
const NO_FINDING = 'no finding';

/**
 * Reads a CSV of labels: either one row a film with `normal` or `abnormal`, or VinDr-SpineXR's annotations, one row a
 * finding, where a film is abnormal iff any of its findings isn't "No finding". Column names are found in any case.
 * Films whose label is neither word stay unlabelled. Throws LABELS_UNREADABLE.
 */
export async function readLabels(path: string): Promise<Labels> {
  const labels: Labels = new Map();
  let columns: Columns | undefined;
  try {
    for await (const row of createReadStream(path).pipe(
      parse({ bom: true, relax_column_count: true, trim: true }),
    )) {
      if (columns) addRow(labels, row as string[], columns);
      else columns = findColumns(row as string[]);
    }
  } catch (cause) {
    throw cause instanceof SiteError ? cause : new SiteError('LABELS_UNREADABLE', undefined, { cause });
  }
  if (!columns) throw new SiteError('LABELS_UNREADABLE', 'it is empty');
  return labels;
}

type Columns = { uid: number; value: number; kind: 'label' | 'finding' };

function findColumns(header: string[]): Columns {
  const names = header.map((name) => name.toLowerCase().replace(/[\s-]+/g, '_'));
  const find = (wanted: string[]) => names.findIndex((name) => wanted.includes(name));
  const [uid, label, finding] = [find(UID_COLUMNS), find(LABEL_COLUMNS), find(FINDING_COLUMNS)];
  if (uid >= 0 && label >= 0) return { uid, value: label, kind: 'label' };
  if (uid >= 0 && finding >= 0) return { uid, value: finding, kind: 'finding' };
  throw new SiteError('LABELS_UNREADABLE');
}

function addRow(labels: Labels, row: string[], { uid, value, kind }: Columns): void {
  const film = row[uid];
  const word = row[value]?.toLowerCase();
  if (!film || !word) return;
  const label = kind === 'finding' ? labelOfFinding(word) : CLASS_NAMES.find((name) => name === word);
  if (!label) return;
  if (label === 'abnormal' || !labels.has(film)) labels.set(film, label); // any finding makes a film abnormal
}

function labelOfFinding(finding: string): Label {
  return finding === NO_FINDING ? 'normal' : 'abnormal';
}
