import dicomParser from 'dicom-parser';
import type { RefusalCode } from '../refusals.ts';
import type { Dataset } from './dataset.ts';
import { type Encoding, guardStructure } from './guard-structure.ts';
import { keyOf, TAGS } from './tags.ts';

/** For dicom-parser a transfer syntax is just an encoding. Deflate is no part of it: it would inflate without limit. */
const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
const META: Encoding = { explicitVr: true, bigEndian: false };
const META_GROUP = 0x0002;
const PREFIX_AT = 128;

/** Text and numbers that are read have up to 64 bytes; a film with several windows has more. Tables and pixels are bulk. */
const VALUE_BYTES_MAX = 65_536;
const TABLES = [TAGS.redData, TAGS.greenData, TAGS.blueData, TAGS.modalityLutSequence, TAGS.voiLutSequence];
const BULK = new Set<number>([TAGS.pixelData, ...TABLES]);
const VALUE_KEYS = Object.values(TAGS)
  .filter((tag) => !BULK.has(tag))
  .map(keyOf);

/**
 * The only way to dicom-parser's data sets: its bytes have passed the guard, and whatever it throws is a refusal.
 *
 * @param bytes a data set in the given encoding, inflated, without preamble and file meta information
 */
export function parseGuarded(bytes: Uint8Array, encoding: Encoding): Dataset | RefusalCode {
  const structure = guardStructure(bytes, 0, encoding);
  if (typeof structure === 'string') return structure;
  // Not parsed as a whole file, because the library reads one element too far into a data set of another encoding, as
  // explicit, before it knows better. A bare one it takes for a whole file again when the prefix stands in it.
  if (hasPrefix(bytes)) return 'MALFORMED';
  const explicit = encoding.bigEndian ? EXPLICIT_BIG_ENDIAN : EXPLICIT_LITTLE_ENDIAN;
  const TransferSyntaxUID = encoding.explicitVr ? explicit : IMPLICIT_LITTLE_ENDIAN;
  const elements = bytes.subarray(0, structure.end); // zeros may follow, of which the library would make elements
  return callLibrary(() =>
    dicomParser.parseDicom(hideLongVrs(elements, structure.longVrs), { TransferSyntaxUID }),
  );
}

/** Reads the file meta information that follows preamble and prefix in `bytes`, and tells where it ends. */
export function parseMetaGuarded(bytes: Uint8Array): { meta: Dataset; end: number } | RefusalCode {
  const structure = guardStructure(bytes, PREFIX_AT + 4, META, META_GROUP);
  if (typeof structure === 'string') return structure;
  const { end, longVrs } = structure;
  const meta = callLibrary(() => dicomParser.readPart10Header(hideLongVrs(bytes.subarray(0, end), longVrs)));
  return typeof meta === 'string' ? meta : { meta, end };
}

/** True when `bytes` have the prefix of a DICOM file (PS3.10 section 7.1) after 128 bytes. */
export function hasPrefix(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(PREFIX_AT, PREFIX_AT + 4)).toString('latin1') === 'DICM';
}

/** The library takes the length of OV, SV and UV for one of 2 bytes. UN has the same layout, and none of them is read. */
function hideLongVrs(bytes: Uint8Array, longVrs: number[]): Uint8Array {
  if (longVrs.length === 0) return bytes;
  const hidden = Buffer.from(bytes);
  for (const at of longVrs) hidden.write('UN', at, 'latin1');
  return hidden;
}

/** It throws strings, errors, and objects that hold the patient's data: none of them goes any further. */
function callLibrary(parse: () => Dataset): Dataset | RefusalCode {
  try {
    const dataset = parse();
    // It joins texts byte by byte, at 32 bytes of memory for each.
    const isTooLong = VALUE_KEYS.some((key) => (dataset.elements[key]?.length ?? 0) > VALUE_BYTES_MAX);
    return isTooLong ? 'MALFORMED' : dataset;
  } catch {
    return 'MALFORMED';
  }
}
