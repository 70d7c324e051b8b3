import { ABORT_REASON, type AbortReason, ProtocolError } from './protocol-error.ts';

/** PDU types of PS3.8 section 9.3. */
export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseResponse: 6,
  abort: 7,
} as const;

/** Type, a reserved byte, length. */
export const PDU_HEADER_BYTES = 6;
/** Length, context id, message control header. */
export const PDV_HEADER_BYTES = 6;

const ITEM = { application: 0x10, requestedContext: 0x20, acceptedContext: 0x21, user: 0x50 } as const;
const SUB_ITEM = {
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  maxLength: 0x51,
  implementationClass: 0x52,
  implementationVersion: 0x55,
} as const;

export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
const FIXED_BYTES = 68; // version, reserved, two AE titles, reserved (PS3.8 table 9-11)
const AE_BYTES = 16;

export type ProposedContext = { id: number; abstractSyntax: string; transferSyntaxes: string[] };

export type AssociateRequest = {
  /** Bit 0: the only version that there is. */
  protocolVersion: number;
  calledAe: string;
  callingAe: string;
  applicationContext: string;
  contexts: ProposedContext[];
  /** Longest P-DATA-TF that the peer takes, without its header; 0: any. */
  maxLength: number;
  /** The 32 bytes that an answer repeats as they came. */
  titles: Buffer;
};

/** PS3.8 table 9-18. `accepted` has the chosen syntax. */
export type ContextAnswer = { id: number; result: 0 | 3 | 4; transferSyntax: string };

/** The body of an A-ASSOCIATE-RQ (PS3.8 section 9.3.2). Throws {@link ProtocolError}. */
export function decodeAssociateRequest(body: Buffer): AssociateRequest {
  if (body.length < FIXED_BYTES) throw new ProtocolError('invalidParameter');
  const request: AssociateRequest = {
    protocolVersion: body.readUInt16BE(0),
    calledAe: readTitle(body, 4),
    callingAe: readTitle(body, 4 + AE_BYTES),
    applicationContext: '',
    contexts: [],
    maxLength: 0,
    titles: body.subarray(4, 4 + 2 * AE_BYTES),
  };
  for (const { type, value } of readItems(body.subarray(FIXED_BYTES))) {
    if (type === ITEM.application) request.applicationContext = readText(value);
    else if (type === ITEM.requestedContext) request.contexts.push(decodeContext(value));
    else if (type === ITEM.user) request.maxLength = decodeMaxLength(value);
  }
  checkContexts(request.contexts);
  return request;
}

type Item = { type: number; value: Buffer };

/** Type, reserved byte, 16-bit length, value; one after the other. */
function* readItems(bytes: Buffer): Generator<Item> {
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new ProtocolError('invalidParameter');
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw new ProtocolError('invalidParameter');
    yield { type: bytes[at]!, value: bytes.subarray(at + 4, end) };
    at = end;
  }
}

function decodeContext(value: Buffer): ProposedContext {
  if (value.length < 4) throw new ProtocolError('invalidParameter');
  const context: ProposedContext = { id: value[0]!, abstractSyntax: '', transferSyntaxes: [] };
  for (const item of readItems(value.subarray(4))) {
    if (item.type === SUB_ITEM.abstractSyntax) context.abstractSyntax = readText(item.value);
    else if (item.type === SUB_ITEM.transferSyntax) context.transferSyntaxes.push(readText(item.value));
  }
  return context;
}

/** Ids are odd and each used once (PS3.8 section 9.3.2.2). */
function checkContexts(contexts: readonly ProposedContext[]): void {
  const ids = new Set(contexts.map(({ id }) => id));
  if (contexts.length === 0 || ids.size !== contexts.length || contexts.some(({ id }) => id % 2 === 0))
    throw new ProtocolError('invalidParameter');
}

function decodeMaxLength(value: Buffer): number {
  for (const item of readItems(value)) {
    if (item.type !== SUB_ITEM.maxLength) continue;
    if (item.value.length !== 4) throw new ProtocolError('invalidParameter');
    return item.value.readUInt32BE(0);
  }
  return 0;
}

function readTitle(body: Buffer, at: number): string {
  return readText(body.subarray(at, at + AE_BYTES));
}

/** Padding is spaces, or a null where a peer took a UID from a data set. */
function readText(value: Buffer): string {
  return value
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
}

/** A-ASSOCIATE-AC (PS3.8 section 9.3.3). */
export function encodeAssociateAccept(
  request: AssociateRequest,
  answers: readonly ContextAnswer[],
  own: { maxLength: number; implementationClass: string; implementationVersion: string },
): Buffer {
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(own.maxLength);
  const user = Buffer.concat([
    encodeItem(SUB_ITEM.maxLength, maxLength),
    encodeItem(SUB_ITEM.implementationClass, Buffer.from(own.implementationClass)),
    encodeItem(SUB_ITEM.implementationVersion, Buffer.from(own.implementationVersion)),
  ]);
  return encodePdu(
    PDU.associateAccept,
    Buffer.from([0, 1, 0, 0]),
    request.titles,
    Buffer.alloc(32),
    encodeItem(ITEM.application, Buffer.from(APPLICATION_CONTEXT)),
    ...answers.map(encodeAnswer),
    encodeItem(ITEM.user, user),
  );
}

function encodeAnswer({ id, result, transferSyntax }: ContextAnswer): Buffer {
  const syntax = encodeItem(SUB_ITEM.transferSyntax, Buffer.from(transferSyntax));
  return encodeItem(ITEM.acceptedContext, Buffer.concat([Buffer.from([id, 0, result, 0]), syntax]));
}

function encodeItem(type: number, value: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

/** Result, source and reason of PS3.8 table 9-21. */
export type Rejection = { result: 1 | 2; source: 1 | 2 | 3; reason: number };

export const REJECTION = {
  calledAeUnknown: { result: 1, source: 1, reason: 7 },
  callingAeUnknown: { result: 1, source: 1, reason: 3 },
  applicationContextUnknown: { result: 1, source: 1, reason: 2 },
  protocolVersionUnknown: { result: 1, source: 2, reason: 2 },
  tooManyAssociations: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

/** A-ASSOCIATE-RJ (PS3.8 section 9.3.4). */
export function encodeAssociateReject({ result, source, reason }: Rejection): Buffer {
  return encodePdu(PDU.associateReject, Buffer.from([0, result, source, reason]));
}

/** A-RELEASE-RP (PS3.8 section 9.3.7). */
export function encodeReleaseResponse(): Buffer {
  return encodePdu(PDU.releaseResponse, Buffer.alloc(4));
}

/** A-ABORT by the service provider (PS3.8 section 9.3.8). */
export function encodeAbort(reason: AbortReason): Buffer {
  return encodePdu(PDU.abort, Buffer.from([0, 0, 2, ABORT_REASON[reason]]));
}

/** A command set in as many P-DATA-TF as the peer's limit asks for (PS3.8 section 9.3.5). */
export function encodeCommandData(contextId: number, command: Buffer, peerMaxLength: number): Buffer {
  const room = peerMaxLength === 0 ? command.length : Math.max(peerMaxLength - PDV_HEADER_BYTES, 2);
  const pdus: Buffer[] = [];
  for (let at = 0; at < command.length; at += room) {
    const part = command.subarray(at, at + room);
    const header = Buffer.alloc(PDV_HEADER_BYTES);
    header.writeUInt32BE(part.length + 2);
    header[4] = contextId;
    header[5] = at + room >= command.length ? 3 : 1; // command, and last
    pdus.push(encodePdu(PDU.data, header, part));
  }
  return Buffer.concat(pdus);
}

/** A presentation data value; `bytes` are a view of the PDU. */
export type Pdv = { contextId: number; isCommand: boolean; isLast: boolean; bytes: Buffer };

/** The values of a P-DATA-TF. Throws {@link ProtocolError}. */
export function* decodeData(body: Buffer): Generator<Pdv> {
  if (body.length === 0) throw new ProtocolError('invalidParameter');
  for (let at = 0; at < body.length; ) {
    if (at + PDV_HEADER_BYTES > body.length) throw new ProtocolError('invalidParameter');
    const length = body.readUInt32BE(at);
    const end = at + 4 + length;
    const control = body[at + 5]!;
    if (length < 2 || end > body.length || control > 3) throw new ProtocolError('invalidParameter');
    yield {
      contextId: body[at + 4]!,
      isCommand: (control & 1) === 1,
      isLast: (control & 2) === 2,
      bytes: body.subarray(at + PDV_HEADER_BYTES, end),
    };
    at = end;
  }
}

function encodePdu(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(PDU_HEADER_BYTES);
  header[0] = type;
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
