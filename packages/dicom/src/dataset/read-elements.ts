import { ITEMS_MAX, NESTING_MAX } from '../limits.ts';
import type { RefusalCode } from '../refusals.ts';
import { TAGS } from './tags.ts';

type Span = { start: number; length: number };

/** `items` for sequences that were followed, `fragments` for encapsulated pixel data (the first is the offset table). */
export type Element = Span & { vr: string | null; items?: Elements[]; fragments?: Span[] };

/** Keyed by tag as one number: group·65536 + element. */
export type Elements = Map<number, Element>;

export type Encoding = { explicitVr: boolean; bigEndian: boolean };

type Frame = {
  kind: 'dataset' | 'sequence' | 'fragments';
  /** Nothing in this frame may reach past here. */
  limit: number;
  /** Undefined length: closed by a delimiter instead of by its limit. */
  open: boolean;
  encoding: Encoding;
  elements: Elements;
  element: Element | null;
};

type Walk = { view: DataView; at: number; count: number; stack: Frame[]; stopAfterGroup: number };

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const LONG_VRS = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));

/**
 * Reads the elements of a data set (PS3.5 chapter 7) between `start` and the end of `bytes`.
 *
 * Input is hostile: the walk keeps its own stack instead of calling itself, follows only what it must (sequences of
 * undefined length and the lookup tables), counts what it meets and checks each length against its enclosing one.
 * It exists because the usual parser overflows the call stack on nested sequences, takes missing delimiters in
 * silence and reads the 64-bit VRs wrongly. Values are spans into `bytes`; nothing is copied.
 *
 * @param stopAfterGroup stop before the first element of a higher group (2 reads just the file meta information)
 * @returns the elements and where reading stopped, or the code of the first fault
 */
export function readElements(
  bytes: Uint8Array,
  start: number,
  encoding: Encoding,
  stopAfterGroup = 0xffff,
): { elements: Elements; end: number } | RefusalCode {
  const elements: Elements = new Map();
  const root: Frame = {
    kind: 'dataset',
    limit: bytes.length,
    open: false,
    encoding,
    elements,
    element: null,
  };
  const walk: Walk = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    at: start,
    count: 0,
    stack: [root],
    stopAfterGroup,
  };
  while (walk.stack.length > 0) {
    const fault = step(walk, walk.stack.at(-1)!);
    if (fault) return fault;
  }
  return { elements, end: walk.at };
}

function step(walk: Walk, frame: Frame): RefusalCode | null {
  if (walk.at === frame.limit) {
    if (frame.open) return 'TRUNCATED';
    walk.stack.pop();
    return null;
  }
  if (walk.at + 8 > frame.limit) return 'TRUNCATED';
  if (++walk.count > ITEMS_MAX) return 'TOO_MANY_ITEMS';
  return frame.kind === 'dataset' ? stepElement(walk, frame) : stepItem(walk, frame);
}

/** One item of a sequence, or one fragment of encapsulated pixel data. */
function stepItem(walk: Walk, frame: Frame): RefusalCode | null {
  const tag = readTag(walk, frame);
  const length = walk.view.getUint32(walk.at + 4, !frame.encoding.bigEndian);
  walk.at += 8;
  if (tag === SEQUENCE_END && frame.open) {
    walk.stack.pop();
    return null;
  }
  if (tag !== ITEM) return 'MALFORMED';
  if (frame.kind === 'fragments') return takeFragment(walk, frame, length);
  const elements: Elements = new Map();
  frame.element!.items!.push(elements);
  return push(walk, frame, { kind: 'dataset', encoding: frame.encoding, elements, element: null }, length);
}

function takeFragment(walk: Walk, frame: Frame, length: number): RefusalCode | null {
  if (length === UNDEFINED_LENGTH) return 'MALFORMED';
  if (walk.at + length > frame.limit) return 'TRUNCATED';
  frame.element!.fragments!.push({ start: walk.at, length });
  walk.at += length;
  return null;
}

function stepElement(walk: Walk, frame: Frame): RefusalCode | null {
  const tag = readTag(walk, frame);
  if (tag === ITEM_END) {
    if (!frame.open) return 'MALFORMED';
    walk.at += 8;
    walk.stack.pop();
    return null;
  }
  if (walk.stack.length === 1 && tag >>> 16 > walk.stopAfterGroup) {
    walk.stack.pop();
    return null;
  }
  const header = readHeader(walk, frame);
  if (typeof header === 'string') return header;
  // A repeated tag could show one value to this reader and another to the next one.
  if (frame.elements.has(tag)) return 'MALFORMED';
  const element: Element = { vr: header.vr, start: walk.at, length: header.length };
  frame.elements.set(tag, element);
  return enterOrSkip(walk, frame, tag, element);
}

/** Reads VR and length and moves to the value. PS3.5 section 7.1.2. */
function readHeader(walk: Walk, frame: Frame): { vr: string | null; length: number } | RefusalCode {
  const little = !frame.encoding.bigEndian;
  if (!frame.encoding.explicitVr) {
    const length = walk.view.getUint32(walk.at + 4, little);
    walk.at += 8;
    return { vr: null, length };
  }
  const vr = String.fromCharCode(walk.view.getUint8(walk.at + 4), walk.view.getUint8(walk.at + 5));
  if (SHORT_VRS.has(vr)) {
    const length = walk.view.getUint16(walk.at + 6, little);
    walk.at += 8;
    return { vr, length };
  }
  if (!LONG_VRS.has(vr)) return 'MALFORMED';
  if (walk.at + 12 > frame.limit) return 'TRUNCATED';
  const length = walk.view.getUint32(walk.at + 8, little);
  walk.at += 12;
  return { vr, length };
}

function enterOrSkip(walk: Walk, frame: Frame, tag: number, element: Element): RefusalCode | null {
  const open = element.length === UNDEFINED_LENGTH;
  if (open && (element.vr === 'OB' || element.vr === 'OW')) {
    element.fragments = [];
    return push(walk, frame, { ...frame, kind: 'fragments', element }, UNDEFINED_LENGTH);
  }
  const isLookup = tag === TAGS.modalityLutSequence || tag === TAGS.voiLutSequence;
  if (open || isLookup) {
    if (element.vr !== null && element.vr !== 'SQ' && element.vr !== 'UN') return 'MALFORMED';
    element.items = [];
    // PS3.5 section 6.2.2: a sequence of unknown VR is implicit little endian inside, whatever surrounds it.
    const encoding = element.vr === 'UN' ? { explicitVr: false, bigEndian: false } : frame.encoding;
    return push(walk, frame, { kind: 'sequence', encoding, elements: new Map(), element }, element.length);
  }
  if (walk.at + element.length > frame.limit) return 'TRUNCATED';
  walk.at += element.length;
  return null;
}

function push(
  walk: Walk,
  parent: Frame,
  child: Omit<Frame, 'limit' | 'open'>,
  length: number,
): RefusalCode | null {
  const open = length === UNDEFINED_LENGTH;
  const limit = open ? parent.limit : walk.at + length;
  if (limit > parent.limit) return 'TRUNCATED';
  // Each level of nesting takes two frames: the sequence and its item.
  if (walk.stack.length >= 2 * NESTING_MAX + 1) return 'NESTED_TOO_DEEP';
  walk.stack.push({ ...child, limit, open });
  return null;
}

function readTag(walk: Walk, frame: Frame): number {
  const little = !frame.encoding.bigEndian;
  return walk.view.getUint16(walk.at, little) * 0x10000 + walk.view.getUint16(walk.at + 2, little);
}
