import { ProtocolError } from './protocol-error.ts';

/** Command fields of PS3.7 annex E. */
export const COMMAND = { store: 0x0001, echo: 0x0030, cancel: 0x0fff } as const;
const RESPONSE = 0x8000;
const NO_DATA_SET = 0x0101;

/** Statuses of PS3.7 annex C and PS3.4 section B.2.3. */
export const STATUS = {
  success: 0x0000,
  processingFailure: 0x0110,
  invalidInstance: 0x0117,
  classNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  cannotUnderstand: 0xc000,
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

export type Command = {
  field: number;
  messageId: number;
  hasDataSet: boolean;
  sopClassUid: string;
  sopInstanceUid: string;
};

const TAG = {
  groupLength: 0x0000,
  affectedClass: 0x0002,
  field: 0x0100,
  messageId: 0x0110,
  respondedTo: 0x0120,
  dataSetType: 0x0800,
  status: 0x0900,
  affectedInstance: 0x1000,
} as const;

/** A command set: implicit little endian, group 0000 only (PS3.7 section 6.3). Throws {@link ProtocolError}. */
export function decodeCommand(bytes: Buffer): Command {
  const elements = readElements(bytes);
  const word = (element: number): number => {
    const value = elements.get(element);
    if (value?.length !== 2) throw new ProtocolError('invalidParameter');
    return value.readUInt16LE(0);
  };
  const uid = (element: number) =>
    elements
      .get(element)
      ?.toString('latin1')
      .replace(/[\0 ]+$/, '') ?? '';
  return {
    field: word(TAG.field),
    messageId: elements.has(TAG.messageId) ? word(TAG.messageId) : 0, // a C-CANCEL has none
    hasDataSet: word(TAG.dataSetType) !== NO_DATA_SET,
    sopClassUid: uid(TAG.affectedClass),
    sopInstanceUid: uid(TAG.affectedInstance),
  };
}

function readElements(bytes: Buffer): Map<number, Buffer> {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length || bytes.readUInt16LE(at) !== 0) throw new ProtocolError('invalidParameter');
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) throw new ProtocolError('invalidParameter');
    elements.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
    at = end;
  }
  return elements;
}

/** The answer to a command, without a data set. */
export function encodeResponse(command: Command, status: Status): Buffer {
  const elements = [
    ...(command.sopClassUid ? [element(TAG.affectedClass, uidValue(command.sopClassUid))] : []),
    element(TAG.field, wordValue(command.field | RESPONSE)),
    element(TAG.respondedTo, wordValue(command.messageId)),
    element(TAG.dataSetType, wordValue(NO_DATA_SET)),
    element(TAG.status, wordValue(status)),
    ...(command.sopInstanceUid ? [element(TAG.affectedInstance, uidValue(command.sopInstanceUid))] : []),
  ];
  const rest = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(rest.length);
  return Buffer.concat([element(TAG.groupLength, length), rest]);
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function wordValue(word: number): Buffer {
  const value = Buffer.alloc(2);
  value.writeUInt16LE(word);
  return value;
}

function uidValue(uid: string): Buffer {
  return Buffer.from(uid.length % 2 ? `${uid}\0` : uid, 'latin1');
}
