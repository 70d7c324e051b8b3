import { ITEMS_MAX, NESTING_MAX } from '../limits.ts';
import type { RefusalCode } from '../refusals.ts';
import { TAGS } from './tags.ts';

export type Encoding = { explicitVr: boolean; bigEndian: boolean };

/** Where reading stopped, and the offsets of 64-bit VRs, which the library must not see. */
export type Structure = { end: number; longVrs: number[] };

type Inner = {
  /** 'offsets' is encapsulated pixel data whose offset table is still to come. */
  kind: 'dataset' | 'sequence' | 'offsets' | 'fragments';
  encoding: Encoding;
};

type Frame = Inner & {
  /** Nothing in this frame may reach past here. */
  limit: number;
  /** Undefined length: closed by a delimiter instead of by its limit. */
  open: boolean;
  tags: Set<number>;
};

type Header = { tag: number; vr: string | null; length: number };

type Walk = {
  view: DataView;
  at: number;
  count: number;
  stack: Frame[];
  stopAfterGroup: number;
  longVrs: number[];
};

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const VRS_64_BIT = new Set('OV SV UV'.split(' '));
const LONG_VRS = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
const IMPLICIT: Encoding = { explicitVr: false, bigEndian: false };

/**
 * Checks the structure of a data set (PS3.5 chapter 7) from `start` to the end of `bytes`, before dicom-parser sees it.
 *
 * Input is hostile: the walk keeps its own stack instead of calling itself, enters whatever the library would enter,
 * counts what it meets and checks each length against its enclosing one. It reads no value and copies nothing. What the
 * library would only guess at (missing delimiters, undefined lengths of other VRs) is refused.
 *
 * @param stopAfterGroup stop before the first element of a higher group (2 reads just the file meta information)
 * @returns the code of the first fault, if there is one
 */
export function guardStructure(
  bytes: Uint8Array,
  start: number,
  encoding: Encoding,
  stopAfterGroup = 0xffff,
): Structure | RefusalCode {
  const root: Frame = { kind: 'dataset', encoding, limit: bytes.length, open: false, tags: new Set() };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const walk: Walk = { view, at: start, count: 0, stack: [root], stopAfterGroup, longVrs: [] };
  while (walk.stack.length > 0) {
    const fault = step(walk, walk.stack.at(-1)!);
    if (fault) return fault;
  }
  return { end: walk.at, longVrs: walk.longVrs };
}

function step(walk: Walk, frame: Frame): RefusalCode | null {
  if (walk.stack.length === 1 && isPaddedOut(walk)) return pop(walk);
  if (walk.at === frame.limit) return frame.open ? 'TRUNCATED' : pop(walk);
  if (walk.at + 8 > frame.limit) return 'TRUNCATED';
  if (++walk.count > ITEMS_MAX) return 'TOO_MANY_ITEMS';
  return frame.kind === 'dataset' ? stepElement(walk, frame) : stepItem(walk, frame);
}

/** After the last element: no tag starts with 16 bits of 0 but in commands, and those are in no file. */
function isPaddedOut({ view, at }: Walk): boolean {
  if (at >= view.byteLength || (at + 4 <= view.byteLength && view.getUint32(at) !== 0)) return false;
  const rest = new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at);
  return rest.every((byte) => byte === 0);
}

/** One item of a sequence, or one fragment of encapsulated pixel data. */
function stepItem(walk: Walk, frame: Frame): RefusalCode | null {
  const tag = readTag(walk, frame);
  const length = walk.view.getUint32(walk.at + 4, !frame.encoding.bigEndian);
  walk.at += 8;
  if (tag === SEQUENCE_END && frame.open && frame.kind !== 'offsets' && length === 0) return pop(walk);
  if (tag !== ITEM) return 'MALFORMED';
  if (frame.kind !== 'sequence') return skipFragment(walk, frame, length);
  return push(walk, frame, { kind: 'dataset', encoding: frame.encoding }, length);
}

function skipFragment(walk: Walk, frame: Frame, length: number): RefusalCode | null {
  if (length === UNDEFINED_LENGTH) return 'MALFORMED';
  if (walk.at + length > frame.limit) return 'TRUNCATED';
  if (frame.kind === 'offsets') {
    // The library makes a number of each 4 bytes, and reads past the table when they don't come out even.
    if (length % 4) return 'MALFORMED';
    walk.count += length / 4;
    frame.kind = 'fragments';
  }
  walk.at += length;
  return walk.count > ITEMS_MAX ? 'TOO_MANY_ITEMS' : null;
}

function stepElement(walk: Walk, frame: Frame): RefusalCode | null {
  const tag = readTag(walk, frame);
  if (tag === ITEM_END && frame.open && walk.view.getUint32(walk.at + 4) === 0) {
    walk.at += 8;
    return pop(walk);
  }
  if (walk.stack.length === 1 && tag >>> 16 > walk.stopAfterGroup) return pop(walk);
  // Group FFFE is for delimiters alone, and a repeated tag could show one value here and another to the next reader.
  if (tag >>> 16 === 0xfffe || frame.tags.has(tag)) return 'MALFORMED';
  frame.tags.add(tag);
  const header = readHeader(walk, frame, tag);
  if (typeof header === 'string') return header;
  const inner = findInner(walk, frame.encoding, header);
  if (inner === 'MALFORMED') return inner;
  if (inner) return push(walk, frame, inner, header.length);
  if (walk.at + header.length > frame.limit) return 'TRUNCATED';
  walk.at += header.length;
  return null;
}

/** Reads VR and length and moves to the value. PS3.5 section 7.1.2. */
function readHeader(walk: Walk, frame: Frame, tag: number): Header | RefusalCode {
  const little = !frame.encoding.bigEndian;
  const at = walk.at;
  walk.at += 8;
  if (!frame.encoding.explicitVr) return { tag, vr: null, length: walk.view.getUint32(at + 4, little) };
  const vr = String.fromCharCode(walk.view.getUint8(at + 4), walk.view.getUint8(at + 5));
  if (SHORT_VRS.has(vr)) return { tag, vr, length: walk.view.getUint16(at + 6, little) };
  if (!LONG_VRS.has(vr)) return 'MALFORMED';
  walk.at += 4;
  if (walk.at > frame.limit) return 'TRUNCATED';
  if (VRS_64_BIT.has(vr)) walk.longVrs.push(at + 4);
  return { tag, vr, length: walk.view.getUint32(at + 8, little) };
}

/** What the library enters: all this walk must have seen first. Null for a value that it skips. */
function findInner(walk: Walk, encoding: Encoding, { tag, vr, length }: Header): Inner | null | 'MALFORMED' {
  const open = length === UNDEFINED_LENGTH;
  if (isSequence(walk, encoding, { tag, vr, length })) return length ? { kind: 'sequence', encoding } : null;
  if (!open) return null;
  // It would search for something that looks like a delimiter, in all other values of undefined length.
  if (tag === TAGS.pixelData) return vr === 'OB' || vr === 'OW' ? { kind: 'offsets', encoding } : 'MALFORMED';
  // PS3.5 section 6.2.2: implicit little endian inside, whatever surrounds it. The library keeps a big endian.
  return vr === 'UN' && !encoding.bigEndian ? { kind: 'sequence', encoding: IMPLICIT } : 'MALFORMED';
}

/** Without VRs the library takes for a sequence what starts like one, but leaves private ones of known length alone. */
function isSequence(walk: Walk, encoding: Encoding, { tag, vr, length }: Header): boolean {
  if (encoding.explicitVr) return vr === 'SQ';
  const isPrivate = ((tag >>> 16) & 1) === 1;
  if ((isPrivate && length !== UNDEFINED_LENGTH) || walk.at + 4 > walk.view.byteLength) return false;
  const next = walk.view.getUint16(walk.at, true) * 0x10000 + walk.view.getUint16(walk.at + 2, true);
  return next === ITEM || next === SEQUENCE_END;
}

function push(walk: Walk, parent: Frame, inner: Inner, length: number): RefusalCode | null {
  const open = length === UNDEFINED_LENGTH;
  const limit = open ? parent.limit : walk.at + length;
  if (limit > parent.limit) return 'TRUNCATED';
  // Each level of nesting takes two frames: the sequence and its item.
  if (walk.stack.length >= 2 * NESTING_MAX + 1) return 'NESTED_TOO_DEEP';
  walk.stack.push({ ...inner, limit, open, tags: new Set() });
  return null;
}

function pop(walk: Walk): null {
  walk.stack.pop();
  return null;
}

function readTag(walk: Walk, { encoding }: Frame): number {
  const little = !encoding.bigEndian;
  return walk.view.getUint16(walk.at, little) * 0x10000 + walk.view.getUint16(walk.at + 2, little);
}
