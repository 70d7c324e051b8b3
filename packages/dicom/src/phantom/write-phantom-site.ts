import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPLICIT_LITTLE_ENDIAN, writeDicom } from '../write/write-dicom.ts';
import { FINDINGS, type Finding, labelOf, type View } from './findings.ts';
import {
  describePhantom,
  describePixels,
  encodePhantom,
  identifyPhantom,
  type PhantomIdentity,
  type StorageFormat,
} from './phantom-dicom.ts';
import { createRandom, type Random } from './random.ts';
import { type Look, renderPhantom } from './render-phantom.ts';

export type PhantomSiteOptions = {
  /** Names the hospital: chooses its equipment and goes into its invented identifiers. */
  site: string;
  patients: number;
  seed: string;
  /** Rows of each film; default 384. */
  size?: number;
  /** Share of patients with a finding; default 0.45. */
  abnormalShare?: number;
  /** The only view; default: frontal and lateral films. */
  view?: View;
};

/** `films` can be read, `broken` can not; `labels.csv` lists both. */
export type PhantomSite = { patients: number; films: number; broken: number };

type Row = { identity: PhantomIdentity; finding: Finding };

/**
 * Writes a hospital's worth of synthetic radiographs: `dicom/*.dcm` and `labels.csv`. Patients have one to three films,
 * frontal and lateral, some in a second study. Three files are broken on purpose, so that quarantine has work: one
 * is cut short, one has no pixels, one is too small. The same options give the same bytes.
 */
export async function writePhantomSite(dir: string, options: PhantomSiteOptions): Promise<PhantomSite> {
  const equipment = chooseEquipment(options.site);
  const random = createRandom(`${options.seed}/${options.site}`);
  const rows = Array.from({ length: options.patients }, (_, i) => planPatient(i + 1, options, random)).flat();
  await mkdir(join(dir, 'dicom'), { recursive: true });
  for (const row of rows) {
    await writeFilm(dir, row, encodeFilm(row, options, equipment, random));
  }
  const broken = await writeBrokenFilms(dir, options, equipment);
  await writeFile(join(dir, 'labels.csv'), formatLabels([...rows, ...broken]));
  return { patients: options.patients, films: rows.length, broken: broken.length };
}

function planPatient(
  patient: number,
  { site, abnormalShare = 0.45, view: only }: PhantomSiteOptions,
  random: Random,
): Row[] {
  const finding = assignFinding(patient, abnormalShare);
  const views = random.pick<View[]>([['AP'], ['AP', 'LAT'], ['AP', 'LAT'], ['LAT'], ['AP', 'LAT', 'AP']]);
  return views.map((view, i) => {
    const study = i < 2 ? 1 : 2;
    return { identity: { site, patient, study, film: i + 1, view: only ?? view }, finding };
  });
}

/** Spreads findings evenly, so that even a small site has its share of each. */
function assignFinding(patient: number, abnormalShare: number): Finding {
  const before = Math.floor((patient - 1) * abnormalShare);
  const isAbnormal = Math.floor(patient * abnormalShare) > before;
  return isAbnormal ? FINDINGS[1 + (before % (FINDINGS.length - 1))]! : 'No finding';
}

type Equipment = { look: Look; format: StorageFormat };

const FORMATS: StorageFormat[] = [
  { modality: 'CR', bitsStored: 8, photometric: 'MONOCHROME2', windowed: false, offset: 0 },
  { modality: 'DX', bitsStored: 12, photometric: 'MONOCHROME1', windowed: true, offset: 0 },
  { modality: 'CR', bitsStored: 10, photometric: 'MONOCHROME2', windowed: true, offset: 64 },
  { modality: 'DX', bitsStored: 12, photometric: 'MONOCHROME2', windowed: false, offset: 128 },
];

/** A hospital's name decides what its films look like, so that no list of hospitals is needed. */
function chooseEquipment(site: string): Equipment {
  const random = createRandom(`equipment/${site}`);
  const look = {
    gamma: random.between(0.85, 1.2),
    noise: random.between(0.008, 0.02),
    scatter: random.between(0.05, 0.15),
  };
  return { look, format: random.pick(FORMATS) };
}

function encodeFilm(
  { identity, finding }: Row,
  options: PhantomSiteOptions,
  equipment: Equipment,
  random: Random,
): Buffer {
  const patientSeed = `${options.seed}/${identity.site}/${identity.patient}`;
  const phantom = renderPhantom({
    seed: `${patientSeed}/${identity.film}`,
    patientSeed,
    finding,
    view: identity.view,
    size: options.size ?? 384,
    look: equipment.look,
  });
  return encodePhantom(phantom, identity, equipment.format, random.chance(0.3) ? 'rle' : 'none');
}

async function writeBrokenFilms(
  dir: string,
  options: PhantomSiteOptions,
  equipment: Equipment,
): Promise<Row[]> {
  const rows: Row[] = [1, 2, 3].map((n) => ({
    identity: { site: options.site, patient: options.patients + n, study: 1, film: 1, view: 'AP' },
    finding: 'No finding',
  }));
  const [cut, empty, small] = rows as [Row, Row, Row];
  const whole = encodeFilm(cut, options, equipment, createRandom('uncompressed'));
  const tags = [
    ...describePhantom(empty.identity, equipment.format),
    ...describePixels({ rows: 384, columns: 216, pixels: new Float32Array() }, equipment.format),
  ];
  const tiny = renderPhantom({ seed: 'tiny', finding: 'No finding', view: 'AP', size: 96 });
  await writeFilm(dir, cut, whole.subarray(0, Math.floor(whole.length * 0.6)));
  await writeFilm(dir, empty, writeDicom(tags, EXPLICIT_LITTLE_ENDIAN));
  await writeFilm(dir, small, encodePhantom(tiny, small.identity, equipment.format));
  return rows;
}

async function writeFilm(dir: string, { identity }: Row, bytes: Uint8Array): Promise<void> {
  const name = createHash('sha256')
    .update(identifyPhantom(identity).sopInstanceUid)
    .digest('hex')
    .slice(0, 12);
  await writeFile(join(dir, 'dicom', `img-${name}.dcm`), bytes);
}

function formatLabels(rows: Row[]): string {
  const lines = rows.map(({ identity, finding }) => {
    const { sopInstanceUid, studyInstanceUid, patientId } = identifyPhantom(identity);
    return [sopInstanceUid, studyInstanceUid, patientId, labelOf(finding), finding].join(',');
  });
  return `${['sop_instance_uid,study_instance_uid,patient_id,label,finding', ...lines].join('\n')}\n`;
}
