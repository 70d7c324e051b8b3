import { TAGS } from '../dataset/tags.ts';
import { uidFromSeed } from './uid-from-seed.ts';
import { type WriteElement, writeDicom } from './write-dicom.ts';

export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const MAKER = 'Synspine';

/** A synthetic image and what may be said about how it came about. Texts are ASCII; nothing here names a site. */
export type SyntheticImage = {
  /** size² gray bytes, row by row, 0 black. */
  gray: Uint8Array;
  size: number;
  /** The same seed gives the same UIDs; each image has a patient, study and series of its own. */
  uidSeed: string;
  /** Its class, such as `abnormal`. */
  className: string;
  /** How it was derived, in a sentence. */
  derivation: string;
  softwareVersion: string;
  /** How machines are told that it is synthetic, as in the PNGs: a URI of a controlled vocabulary, and an XMP packet that says it. */
  sourceType: { uri: string; xmp: string };
};

/**
 * Encodes a synthetic image as Secondary Capture (PS3.3 A.8.1), 8 bits, uncompressed. Synthetic Data (0008,001C) and the
 * Conversion Type SYN say what it is (PS3.3 C.12.1 and C.8.6.1), Derivation Code Sequence by which vocabulary (C.7.6.1.1.3), and
 * a private element holds the statement of the PNGs, for tools that look for XMP in any file; dates and times stay empty, since nothing was acquired.
 */
export function encodeSynthetic(image: SyntheticImage): Buffer {
  return writeDicom([
    ...describePatient(image),
    ...describeSeries(image),
    ...describeOrigin(image),
    ...describeSourceType(image),
    ...describePixels(image),
  ]);
}

const text = (tag: number, vr: string, value: string): WriteElement => ({ tag, vr, value });
const word = (tag: number, value: number): WriteElement => ({ tag, vr: 'US', value });

/** Patient and study modules. The identity is a placeholder: there is no patient to hide. */
function describePatient({ uidSeed }: SyntheticImage): WriteElement[] {
  const id = uidFromSeed(`${uidSeed}/patient`).slice(5, 21);
  return [
    text(0x00100010, 'PN', 'SYNTHETIC^IMAGE'),
    text(TAGS.patientId, 'LO', `SYNTHETIC-${id}`),
    text(0x00100030, 'DA', ''),
    text(0x00100040, 'CS', ''),
    text(0x00120062, 'CS', 'YES'), // Patient Identity Removed
    text(0x00120063, 'LO', 'Synthetic image, not made of a patient'),
    text(0x00080020, 'DA', ''),
    text(0x00080030, 'TM', ''),
    text(TAGS.accessionNumber, 'SH', ''),
    text(0x00080090, 'PN', ''),
    text(TAGS.studyInstanceUid, 'UI', uidFromSeed(`${uidSeed}/study`)),
    text(0x00200010, 'SH', ''),
  ];
}

/** General Series, SC Equipment and SOP Common modules. */
function describeSeries({ uidSeed, softwareVersion }: SyntheticImage): WriteElement[] {
  return [
    text(0x00080016, 'UI', SECONDARY_CAPTURE),
    text(TAGS.sopInstanceUid, 'UI', uidFromSeed(`${uidSeed}/image`)),
    text(0x0008001c, 'CS', 'YES'), // Synthetic Data
    text(TAGS.modality, 'CS', 'OT'),
    text(0x00080064, 'CS', 'SYN'), // Conversion Type
    text(0x00080070, 'LO', MAKER),
    text(TAGS.bodyPart, 'CS', 'SPINE'),
    text(0x00181016, 'LO', MAKER),
    text(0x00181019, 'LO', softwareVersion),
    text(0x0020000e, 'UI', uidFromSeed(`${uidSeed}/series`)),
    text(0x00200011, 'IS', '1'),
  ];
}

/** General Image module: a derived image, and by what. */
function describeOrigin({ className, derivation, softwareVersion }: SyntheticImage): WriteElement[] {
  return [
    text(0x00080008, 'CS', 'DERIVED\\SECONDARY'),
    text(0x00082111, 'ST', derivation),
    {
      tag: 0x0018a001, // Contributing Equipment Sequence
      vr: 'SQ',
      value: { items: [describeEquipment(softwareVersion)] },
    },
    text(0x00200013, 'IS', '1'),
    text(0x00200020, 'CS', ''),
    text(0x00204000, 'LT', `Synthetic spine radiograph, class: ${className}. Not for diagnosis.`),
    text(TAGS.burnedInAnnotation, 'CS', 'NO'),
    text(0x00282110, 'CS', '00'), // Lossy Image Compression
  ];
}

/** A URN Code Value (PS3.3 section 8.1) takes a URI as it is, and needs no coding scheme. */
function describeSourceType({ sourceType: { uri, xmp } }: SyntheticImage): WriteElement[] {
  const code = [text(0x00080120, 'UR', uri), text(0x00080104, 'LO', 'Created using Generative AI')];
  return [
    { tag: 0x00089215, vr: 'SQ', value: { items: [code] } }, // Derivation Code Sequence
    text(0x00090010, 'LO', 'SYNSPINE'), // the private block's creator
    { tag: 0x00091001, vr: 'OB', value: Buffer.from(xmp) },
  ];
}

function describeEquipment(softwareVersion: string): WriteElement[] {
  const purpose = [
    text(0x00080100, 'SH', '109102'),
    text(0x00080102, 'SH', 'DCM'),
    text(0x00080104, 'LO', 'Processing Equipment'),
  ];
  return [
    text(0x00080070, 'LO', MAKER),
    text(0x00081090, 'LO', 'SpineGAN'),
    text(0x00181020, 'LO', softwareVersion),
    { tag: 0x0040a170, vr: 'SQ', value: { items: [purpose] } },
  ];
}

function describePixels({ gray, size }: SyntheticImage): WriteElement[] {
  return [
    word(TAGS.samplesPerPixel, 1),
    text(TAGS.photometric, 'CS', 'MONOCHROME2'),
    word(TAGS.rows, size),
    word(TAGS.columns, size),
    word(TAGS.bitsAllocated, 8),
    word(TAGS.bitsStored, 8),
    word(TAGS.highBit, 7),
    word(TAGS.pixelRepresentation, 0),
    text(TAGS.windowCentre, 'DS', '128'),
    text(TAGS.windowWidth, 'DS', '256'),
    { tag: TAGS.pixelData, vr: 'OB', value: gray },
  ];
}
