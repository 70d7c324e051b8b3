import { isDeepStrictEqual } from 'node:util';
import type { FilmView, KnownFacts, SquareFilm } from '@synspine/dicom';
import type { Home } from '../home.ts';
import type { KeyedHash } from '../keys.ts';
import type { CatalogueFilm, FilmSelection } from './catalogue.ts';
import { type CatalogueIndex, shorten } from './catalogue-index.ts';
import type { IngestOptions, IngestVerdict, SourceVerdict } from './ingest-folder.ts';
import { type FilmLabel, findLabel, type LabelFault } from './labels.ts';
import type { JudgedFile } from './look/judge-reads.ts';
import type { Look } from './look/learn-look.ts';
import { masterFile, saveMaster } from './master-image.ts';
import type { MissingFile } from './missing-files.ts';
import type { QuarantineWriter } from './quarantine.ts';
import { waitForRoom } from './wait-for-room.ts';

/** An ingest that is going on. */
export type Ingest = IngestOptions & {
  home: Home;
  catalogue: CatalogueIndex;
  quarantine: QuarantineWriter;
  hash: KeyedHash;
  /** Where refused files are looked for later. */
  refusedFolder: string;
  /** Pixel hashes that this ingest has taken, shortened. */
  seen: Set<number>;
};

/** Takes a film into the home or refuses it, and notes either. */
export async function decideFilm(ingest: Ingest, read: JudgedFile): Promise<SourceVerdict> {
  const { film, source, fileSha256 } = read;
  if (!film.ok) {
    const refused = refuse(ingest, read, film.code, film.stage, film.facts);
    return { ...refused, ...(film.facts?.namedFiles && { namedFiles: film.facts.namedFiles }) };
  }
  ingest.quarantine.release(ingest.home.path, masterFile(film.pixelSha256)); // this file has a place of its own
  const look = await findLook(ingest, film, read.look);
  const selection = await describeSelection(ingest, film, look);
  const facts = { ...film, ...selection };
  if (await isDuplicate(ingest, film, fileSha256)) return refuse(ingest, read, 'DUPLICATE', 'ingest', facts);
  const unwanted = refuseView(ingest, selection.view);
  if (unwanted) return refuse(ingest, read, unwanted, 'select', facts);
  if (look === 'unlike') return refuse(ingest, read, 'NOT_A_SPINE', 'select', facts);
  const label = findLabel(ingest.source.labels, film, source.file, ingest.source.folder);
  if (!label) return refuse(ingest, read, 'NO_LABEL', 'ingest', facts);
  if (label.fault) return refuse(ingest, read, label.fault.code, 'ingest', facts, label.fault);
  await keepFilm(ingest, film, { read, label, selection });
  return { file: source.file, verdict: 'ingested', code: null, ...pickFacts(film) };
}

/**
 * A film of the home that was once found like the others stays so, whatever they look like now. One of which nothing could be said
 * leaves the home when it is found unlike them.
 */
async function findLook({ catalogue }: Ingest, film: SquareFilm, look: Look | undefined) {
  const known = look === 'unlike' ? await catalogue.byPixels(film.pixelSha256) : undefined;
  if (known?.selection?.look === 'like') return 'like';
  if (known?.selection?.look === 'untold') catalogue.remove(known);
  return look;
}

/** A file, or several, that a DICOMDIR names and that is not there. */
export function refuseMissing(
  { quarantine, refusedFolder }: Ingest,
  { file, ...missing }: MissingFile,
): IngestVerdict {
  const at = new Date().toISOString();
  quarantine.refuse({ folder: refusedFolder, path: file, fileSha256: '', stage: 'ingest', at, ...missing });
  return { file, verdict: 'refused', ...missing };
}

function refuse(
  { quarantine, refusedFolder }: Ingest,
  { source: { file }, fileSha256 }: Pick<JudgedFile, 'source' | 'fileSha256'>,
  code: string,
  stage: string,
  facts: Omit<KnownFacts, 'viewRule'> & Partial<Pick<FilmSelection, 'viewRule' | 'look'>> = {},
  fault?: LabelFault,
): IngestVerdict {
  const { region, regionRule, view, viewRule, look } = facts;
  const at = new Date().toISOString();
  const selection =
    region === undefined ? {} : { selection: { region, regionRule, view, viewRule, ...(look && { look }) } };
  const cell = fault && { labelRow: fault.labelRow, labelColumn: fault.labelColumn };
  quarantine.refuse({
    folder: refusedFolder,
    path: file,
    fileSha256,
    code,
    stage,
    at,
    ...selection,
    ...cell,
  });
  return { file, verdict: 'refused', code, ...pickFacts(facts), ...cell };
}

function pickFacts(known: Pick<KnownFacts, 'sopInstanceUid' | 'pixelSha256' | 'rows' | 'columns'>) {
  const { sopInstanceUid, pixelSha256, rows, columns } = known;
  const facts = { sopInstanceUid, pixelSha256, rows, columns };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

async function describeSelection(
  { classifyView }: Ingest,
  film: SquareFilm,
  look: Look | undefined,
): Promise<FilmSelection> {
  const { modality, region, regionRule, view, viewRule } = film;
  const told = { modality, region, regionRule, view, viewRule, ...(look && { look }) };
  if (view !== 'unknown' || !classifyView) return told;
  return { ...told, view: await classifyView(film.square), viewRule: 'classifier' };
}

function refuseView({ views }: Ingest, view: FilmView): string | null {
  if (!views || views.includes(view)) return null;
  return view === 'unknown' ? 'VIEW_UNKNOWN' : 'VIEW_NOT_ACCEPTED';
}

/** The same pixels or the same instance from another file, in this ingest or an earlier one. */
async function isDuplicate({ catalogue, hash, seen }: Ingest, film: SquareFilm, fileSha256: string) {
  const { pixelSha256, sopInstanceUid } = film;
  const known =
    (await catalogue.byPixels(pixelSha256)) ?? (await catalogue.byFilm(hash('film', sopInstanceUid)));
  return known !== undefined && (known.fileSha256 !== fileSha256 || seen.has(shorten(known.pixelSha256)));
}

type Kept = { read: JudgedFile; label: FilmLabel; selection: FilmSelection };

async function keepFilm(ingest: Ingest, film: SquareFilm, { read, label, selection }: Kept): Promise<void> {
  const { home, catalogue, quarantine, hash, seen, fit, refusedFolder } = ingest;
  const { pixelSha256, sopInstanceUid, rows, columns, maskedBoxes } = film;
  seen.add(shorten(pixelSha256));
  const patientKey = patientKeyOf(hash, film, label.group);
  const known = await catalogue.byPixels(pixelSha256);
  await waitForRoom(() => saveMaster(home, film), ingest);
  const isHeldOut = ingest.keepPublishedHoldOut === true && read.source.published === 'test';
  const part = isHeldOut ? { part: 'hold-out' as const } : {};
  const keys = {
    pixelSha256,
    patientKey,
    filmKey: hash('film', sopInstanceUid),
    fileSha256: read.fileSha256,
  };
  const square = { rows, columns, fit, maskedBoxes };
  const entry: CatalogueFilm = { ...keys, findings: label.findings, ...part, ...square, selection };
  if (!known || !isDeepStrictEqual(changeable(known), changeable(entry))) catalogue.add(entry);
  quarantine.release(refusedFolder, read.source.file);
}

/** By the patient's id, else by the study, or by what the labels say belongs together. */
export function patientKeyOf(
  hash: KeyedHash,
  { patientId, studyInstanceUid }: Pick<SquareFilm, 'patientId' | 'studyInstanceUid'>,
  group = studyInstanceUid,
): string {
  return patientId?.trim() ? hash('patient', patientId) : hash('study', group);
}

/** What another ingest may say otherwise about the same pixels. */
function changeable({ findings, part, selection, maskedBoxes }: CatalogueFilm): unknown[] {
  return [findings, part, selection, maskedBoxes];
}
