import { encodeRle } from '../write/encode-rle.ts';
import { uidFromSeed } from '../write/uid-from-seed.ts';
import { EXPLICIT_LITTLE_ENDIAN, type WriteElement, writeDicom } from '../write/write-dicom.ts';
import type { View } from './findings.ts';
import type { Phantom } from './render-phantom.ts';

const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

/** How a site's equipment stores a film. */
export type StorageFormat = {
  modality: 'CR' | 'DX';
  bitsStored: 8 | 10 | 12;
  photometric: 'MONOCHROME1' | 'MONOCHROME2';
  /** Writes a window over the used range. */
  windowed: boolean;
  /** Stored values start here and are brought back by the rescale intercept. */
  offset: number;
};

/** What a film says about itself. Every identifying value is invented and holds ZZCANARY, so that a leak can be found. */
export type PhantomIdentity = { site: string; patient: number; study: number; film: number; view: View };

export type PhantomUids = { sopInstanceUid: string; studyInstanceUid: string; patientId: string };

export function identifyPhantom({ site, patient, study, film }: PhantomIdentity): PhantomUids {
  return {
    sopInstanceUid: uidFromSeed(`${site}/${patient}/${study}/${film}/sop`),
    studyInstanceUid: uidFromSeed(`${site}/${patient}/${study}/study`),
    patientId: `ZZCANARY-${site.toUpperCase()}-${String(patient).padStart(5, '0')}`,
  };
}

/** Elements of a film without its pixels. */
export function describePhantom(identity: PhantomIdentity, format: StorageFormat): WriteElement[] {
  const { sopInstanceUid, studyInstanceUid, patientId } = identifyPhantom(identity);
  const { site, patient, study, film } = identity;
  const sopClass = format.modality === 'CR' ? '1.2.840.10008.5.1.4.1.1.1' : '1.2.840.10008.5.1.4.1.1.1.1';
  const text = (tag: number, vr: string, value: string): WriteElement => ({ tag, vr, value });
  return [
    text(0x00080016, 'UI', sopClass),
    text(0x00080018, 'UI', sopInstanceUid),
    text(0x00080020, 'DA', '20200101'),
    text(0x00080050, 'SH', `ZZCANARY${String(patient * 10 + study).padStart(8, '0')}`),
    text(0x00080060, 'CS', format.modality),
    text(0x00080070, 'LO', 'Phantom Works'),
    text(0x00080080, 'LO', `ZZCANARY ${site} hospital`),
    text(0x00080081, 'ST', `1 ZZCANARY street, ${site}`),
    text(0x00080090, 'PN', `ZZCANARY^REFERRER${patient % 7}`),
    text(0x00081010, 'SH', 'ZZCANARY-ROOM'),
    text(0x00081070, 'PN', `ZZCANARY^OPERATOR${patient % 3}`),
    text(0x00100010, 'PN', `ZZCANARY${patient}^PHANTOM`),
    text(0x00100020, 'LO', patientId),
    text(0x00100030, 'DA', '19700101'),
    text(0x00104000, 'LT', 'ZZCANARY patient comment'),
    text(0x00110010, 'LO', 'ZZCANARY PRIVATE'),
    text(0x00111001, 'LO', `ZZCANARY operator ${patient % 3}`),
    text(0x00180015, 'CS', 'LSPINE'),
    text(0x00185101, 'CS', identity.view === 'AP' ? 'AP' : 'LL'),
    text(0x0020000d, 'UI', studyInstanceUid),
    text(0x0020000e, 'UI', uidFromSeed(`${site}/${patient}/${study}/${film}/series`)),
    text(0x00200010, 'SH', `ZZCANARY${patient % 1e7}`),
    text(0x00200013, 'IS', String(film)),
    text(0x00204000, 'LT', 'ZZCANARY image comment'),
  ];
}

/** Encodes a phantom as a DICOM file: explicit little endian or RLE. */
export function encodePhantom(
  phantom: Phantom,
  identity: PhantomIdentity,
  format: StorageFormat,
  compression: 'none' | 'rle' = 'none',
): Buffer {
  const pixels = quantise(phantom, format);
  const bytes = new Uint8Array(pixels.buffer);
  const bytesPerPixel = format.bitsStored > 8 ? 2 : 1;
  const rle = compression === 'rle';
  const value = rle ? { fragments: [encodeRle(bytes, bytesPerPixel, phantom.columns)] } : bytes;
  const pixelData: WriteElement = { tag: 0x7fe00010, vr: rle || bytesPerPixel === 1 ? 'OB' : 'OW', value };
  const elements = [...describePhantom(identity, format), ...describePixels(phantom, format), pixelData];
  return writeDicom(elements, rle ? RLE_LOSSLESS : EXPLICIT_LITTLE_ENDIAN);
}

/** Tags of the image pixel, VOI and modality LUT modules. */
export function describePixels({ rows, columns }: Phantom, format: StorageFormat): WriteElement[] {
  const { bitsStored, photometric, windowed, offset } = format;
  const range = 2 ** bitsStored - 1 - offset;
  const word = (tag: number, value: number): WriteElement => ({ tag, vr: 'US', value });
  const decimal = (tag: number, value: number): WriteElement => ({ tag, vr: 'DS', value: String(value) });
  const window = windowed ? [decimal(0x00281050, (range + 1) / 2), decimal(0x00281051, range + 1)] : [];
  const rescale = offset === 0 ? [] : [decimal(0x00281052, -offset), decimal(0x00281053, 1)];
  return [
    word(0x00280002, 1),
    { tag: 0x00280004, vr: 'CS', value: photometric },
    word(0x00280010, rows),
    word(0x00280011, columns),
    word(0x00280100, bitsStored > 8 ? 16 : 8),
    word(0x00280101, bitsStored),
    word(0x00280102, bitsStored - 1),
    word(0x00280103, 0),
    ...window,
    ...rescale,
  ];
}

function quantise(
  phantom: Phantom,
  { bitsStored, photometric, offset }: StorageFormat,
): Uint8Array | Uint16Array {
  const range = 2 ** bitsStored - 1 - offset;
  const stored =
    bitsStored > 8 ? new Uint16Array(phantom.pixels.length) : new Uint8Array(phantom.pixels.length);
  for (let i = 0; i < stored.length; i++) {
    const gray = phantom.pixels[i]!;
    stored[i] = offset + Math.round((photometric === 'MONOCHROME1' ? 1 - gray : gray) * range);
  }
  return stored;
}
