import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a sender says, for tests: the bytes of PS3.8 and PS3.7 written out by hand, not by the code under test. */
export const CR_STORAGE = '1.2.840.10008.5.1.4.1.1.1';
export const EXPLICIT_LE = '1.2.840.10008.1.2.1';

export function pdu(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.from([type, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function item(type: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}

export type Proposal = {
  called?: string;
  calling?: string;
  version?: number;
  application?: string;
  contexts?: [id: number, abstractSyntax: string, ...transferSyntaxes: string[]][];
};

export function associateRequest(proposal: Proposal = {}): Buffer {
  const { called = 'SYNSPINE', calling = 'PACS', version = 1 } = proposal;
  const contexts = proposal.contexts ?? [[1, CR_STORAGE, EXPLICIT_LE]];
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(16_384);
  return pdu(
    1,
    Buffer.from([0, version, 0, 0]),
    Buffer.from(called.padEnd(16) + calling.padEnd(16)),
    Buffer.alloc(32),
    item(0x10, proposal.application ?? '1.2.840.10008.3.1.1.1'),
    ...contexts.map(([id, abstract, ...transfer]) =>
      item(
        0x20,
        Buffer.concat([
          Buffer.from([id, 0, 0, 0]),
          item(0x30, abstract),
          ...transfer.map((uid) => item(0x40, uid)),
        ]),
      ),
    ),
    item(0x50, Buffer.concat([item(0x51, maxLength), item(0x52, '1.2.3.4')])),
  );
}

function element(number: number, value: string | number): Buffer {
  let bytes: Buffer;
  if (typeof value === 'number') {
    bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
  } else bytes = Buffer.from(value.length % 2 ? `${value}\0` : value);
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** A command set. `withData`: a data set follows. */
export function command(field: number, withData: boolean, sopClass: string, instance?: string): Buffer {
  return Buffer.concat([
    element(0x0002, sopClass),
    element(0x0100, field),
    element(0x0110, 7),
    element(0x0800, withData ? 0x0000 : 0x0101),
    ...(instance ? [element(0x1000, instance)] : []),
  ]);
}

export function data(contextId: number, isCommand: boolean, isLast: boolean, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(bytes.length + 2);
  header[4] = contextId;
  header[5] = (isCommand ? 1 : 0) | (isLast ? 2 : 0);
  return pdu(4, header, bytes);
}

/** A C-STORE of `dataSet` in P-DATA-TF of at most `bytesMax`. */
export function storeRequest(instance: string, dataSet: Uint8Array, bytesMax = 16_000): Buffer {
  const parts = [data(1, true, true, command(1, true, CR_STORAGE, instance))];
  for (let at = 0; at < dataSet.length; at += bytesMax)
    parts.push(data(1, false, at + bytesMax >= dataSet.length, dataSet.subarray(at, at + bytesMax)));
  return Buffer.concat(parts);
}

export const RELEASE = pdu(5, Buffer.alloc(4));

export type Reply = { type: number; body: Buffer };

export type Scu = {
  socket: Socket;
  send(bytes: Uint8Array): void;
  next(): Promise<Reply | null>;
  close(): void;
};

/** A connection that gives the peer's PDUs one by one; null once the peer closed. */
export async function openScu(port: number, address = '127.0.0.1'): Promise<Scu> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: address });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  let held = Buffer.alloc(0);
  let isClosed = socket.destroyed;
  let wake = () => {};
  socket.on('data', (bytes) => {
    held = Buffer.concat([held, bytes]);
    wake();
  });
  for (const event of ['end', 'close'])
    socket.on(event, () => {
      isClosed = true;
      wake();
    });
  const next = async (): Promise<Reply | null> => {
    for (;;) {
      const length = held.length < 6 ? Number.POSITIVE_INFINITY : 6 + held.readUInt32BE(2);
      if (held.length >= length) {
        const reply = { type: held[0]!, body: held.subarray(6, length) };
        held = held.subarray(length);
        return reply;
      }
      if (isClosed) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { socket, send: (bytes) => socket.write(bytes), next, close: () => socket.destroy() };
}

/** The status in a response's command set. */
export function statusOf(reply: Reply | null): number | null {
  if (reply?.type !== 4) return null;
  for (let at = 6; at + 8 <= reply.body.length; ) {
    if (reply.body.readUInt16LE(at + 2) === 0x0900) return reply.body.readUInt16LE(at + 8);
    at += 8 + reply.body.readUInt32LE(at + 4);
  }
  return null;
}

/** Id, result and syntax of each presentation context in an A-ASSOCIATE-AC. */
export function answersOf(reply: Reply | null): [number, number, string][] {
  const answers: [number, number, string][] = [];
  const { body } = reply!;
  for (let at = 68; at < body.length; at += 4 + body.readUInt16BE(at + 2)) {
    if (body[at] !== 0x21) continue;
    const end = at + 12 + body.readUInt16BE(at + 10);
    answers.push([body[at + 4]!, body[at + 6]!, body.toString('latin1', at + 12, end)]);
  }
  return answers;
}
