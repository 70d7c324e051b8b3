import { deflateRawSync } from 'node:zlib';
import { TAGS } from '../dataset/tags.ts';
import { findTransferSyntax } from '../dataset/transfer-syntaxes.ts';
import { uidFromSeed } from './uid-from-seed.ts';

/**
 * A value to write. Bytes are written as they are (the caller swaps them for big endian); numbers follow the VR;
 * `items` make a sequence, `fragments` encapsulated pixel data.
 */
export type WriteValue =
  | string
  | number
  | number[]
  | Uint8Array
  | { items: WriteElement[][]; undefinedLength?: boolean }
  | { fragments: Uint8Array[] };

export type WriteElement = { tag: number; vr: string; value: WriteValue };

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Implementation Class UID: says which writer made a file, the same for every file. */
const IMPLEMENTATION = uidFromSeed('synspine writer');

type Encoding = { explicitVr: boolean; bigEndian: boolean };

const LONG_VRS = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const UNDEFINED_LENGTH = 0xffffffff;
const LITTLE_EXPLICIT: Encoding = { explicitVr: true, bigEndian: false };

/**
 * Writes a DICOM Part 10 file (PS3.10 chapter 7): file meta information, then the elements in tag order, in the
 * encoding of the transfer syntax. Pixels are not compressed here: pass them as fragments.
 */
export function writeDicom(elements: WriteElement[], transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN): Buffer {
  const syntax = findTransferSyntax(transferSyntaxUid);
  const body = writeElements(elements, syntax);
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  const meta = writeMeta(elements, transferSyntaxUid);
  return Buffer.concat([preamble, meta, syntax.deflated ? deflateRawSync(body) : body]);
}

function writeMeta(elements: WriteElement[], transferSyntaxUid: string): Buffer {
  const find = (tag: number) => elements.find((element) => element.tag === tag)?.value ?? '';
  const rest = writeElements(
    [
      { tag: 0x00020001, vr: 'OB', value: Uint8Array.of(0, 1) },
      { tag: 0x00020002, vr: 'UI', value: find(0x00080016) },
      { tag: TAGS.mediaStorageSopInstanceUid, vr: 'UI', value: find(TAGS.sopInstanceUid) },
      { tag: TAGS.transferSyntaxUid, vr: 'UI', value: transferSyntaxUid },
      { tag: 0x00020012, vr: 'UI', value: IMPLEMENTATION },
      { tag: 0x00020013, vr: 'SH', value: 'SYNSPINE' },
    ],
    LITTLE_EXPLICIT,
  );
  const length = writeElements([{ tag: 0x00020000, vr: 'UL', value: rest.length }], LITTLE_EXPLICIT);
  return Buffer.concat([length, rest]);
}

function writeElements(elements: WriteElement[], encoding: Encoding): Buffer {
  const ordered = [...elements].sort((a, b) => a.tag - b.tag);
  return Buffer.concat(ordered.map((element) => writeElement(element, encoding)));
}

function writeElement({ tag, vr, value }: WriteElement, encoding: Encoding): Buffer {
  const bytes = encodeValue(vr, value, encoding);
  const open = isOpen(value);
  return Buffer.concat([writeHeader(tag, vr, open ? UNDEFINED_LENGTH : bytes.length, encoding), bytes]);
}

function isOpen(value: WriteValue): boolean {
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  return 'fragments' in value || ('items' in value && value.undefinedLength === true);
}

/** PS3.5 section 7.1.2. */
function writeHeader(tag: number, vr: string, length: number, { explicitVr, bigEndian }: Encoding): Buffer {
  const tagBytes = writeTag(tag, bigEndian);
  if (!explicitVr) return Buffer.concat([tagBytes, writeInteger(length, 4, bigEndian)]);
  const long = LONG_VRS.has(vr);
  const lengthBytes = writeInteger(length, long ? 4 : 2, bigEndian);
  return Buffer.concat([tagBytes, Buffer.from(vr, 'latin1'), Buffer.alloc(long ? 2 : 0), lengthBytes]);
}

function encodeValue(vr: string, value: WriteValue, encoding: Encoding): Buffer {
  if (typeof value === 'string') return pad(Buffer.from(value, 'latin1'), vr === 'UI' ? 0 : 0x20);
  if (typeof value === 'number') return encodeNumbers(vr, [value], encoding);
  if (Array.isArray(value)) return encodeNumbers(vr, value, encoding);
  if (value instanceof Uint8Array) return pad(Buffer.from(value.buffer, value.byteOffset, value.length), 0);
  return 'items' in value ? encodeItems(value, encoding) : encodeFragments(value.fragments);
}

function encodeNumbers(vr: string, values: number[], { bigEndian }: Encoding): Buffer {
  return Buffer.concat(values.map((value) => writeInteger(value, vr === 'UL' ? 4 : 2, bigEndian)));
}

function encodeItems(
  { items, undefinedLength }: { items: WriteElement[][]; undefinedLength?: boolean },
  encoding: Encoding,
): Buffer {
  const { bigEndian } = encoding;
  const parts = items.flatMap((item) => {
    const body = writeElements(item, encoding);
    if (!undefinedLength) return [writeItem(0xfffee000, body.length, bigEndian), body];
    const open = writeItem(0xfffee000, UNDEFINED_LENGTH, bigEndian);
    return [open, body, writeItem(0xfffee00d, 0, bigEndian)];
  });
  return Buffer.concat(undefinedLength ? [...parts, writeItem(0xfffee0dd, 0, bigEndian)] : parts);
}

/** An empty offset table, the fragments, the delimiter (PS3.5 A.4). */
function encodeFragments(fragments: Uint8Array[]): Buffer {
  const parts = fragments.flatMap((fragment) => {
    const body = pad(Buffer.from(fragment), 0);
    return [writeItem(0xfffee000, body.length, false), body];
  });
  return Buffer.concat([writeItem(0xfffee000, 0, false), ...parts, writeItem(0xfffee0dd, 0, false)]);
}

function writeItem(tag: number, length: number, bigEndian: boolean): Buffer {
  return Buffer.concat([writeTag(tag, bigEndian), writeInteger(length, 4, bigEndian)]);
}

function writeTag(tag: number, bigEndian: boolean): Buffer {
  return Buffer.concat([
    writeInteger(Math.floor(tag / 0x10000), 2, bigEndian),
    writeInteger(tag % 0x10000, 2, bigEndian),
  ]);
}

/** Negative numbers in two's complement. */
function writeInteger(value: number, bytes: 2 | 4, bigEndian: boolean): Buffer {
  const buffer = Buffer.alloc(bytes);
  const wrapped = value < 0 ? value + 2 ** (8 * bytes) : value;
  if (bigEndian) buffer.writeUIntBE(wrapped, 0, bytes);
  else buffer.writeUIntLE(wrapped, 0, bytes);
  return buffer;
}

function pad(bytes: Buffer, filler: number): Buffer {
  return bytes.length % 2 ? Buffer.concat([bytes, Buffer.from([filler])]) : bytes;
}
