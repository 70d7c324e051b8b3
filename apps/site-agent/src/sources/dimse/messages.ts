import type { Command } from './command-set.ts';
import { decodeCommand } from './command-set.ts';
import { decodeData, PDU, PDV_HEADER_BYTES, type Pdv } from './pdu.ts';
import type { PduReader } from './pdu-reader.ts';
import { ConnectionLost, ProtocolError } from './protocol-error.ts';

/** A command of the peer. Its data set, if it has one, must be read before the next command. */
export type Message = { contextId: number; command: Command; dataSet(): AsyncGenerator<Buffer> };

const COMMAND_BYTES_MAX = 16 * 1024; // with the headers of its pieces; a C-STORE-RQ has about 200

/** Messages of an association until its A-RELEASE-RQ. Throws ProtocolError, ConnectionLost. */
export async function* readMessages(reader: PduReader, idleMs: number): AsyncGenerator<Message> {
  const values = readValues(reader, idleMs);
  for (;;) {
    const first = await values.next();
    if (first.done) return;
    const { contextId } = first.value;
    const command = decodeCommand(await readCommand(first.value, values));
    let isRead = !command.hasDataSet;
    yield {
      contextId,
      command,
      async *dataSet() {
        if (isRead) return;
        yield* readDataSet(values, contextId);
        isRead = true;
      },
    };
    if (!isRead) throw new Error('the data set of a message was not read');
  }
}

/** Presentation data values one by one; ends at the release. */
async function* readValues(reader: PduReader, idleMs: number): AsyncGenerator<Pdv> {
  for (;;) {
    const pdu = await reader.next(idleMs);
    if (!pdu) throw new ConnectionLost('PEER_GONE');
    if (pdu.type === PDU.abort) throw new ConnectionLost('PEER_ABORTED');
    if (pdu.type === PDU.releaseRequest) return;
    if (pdu.type !== PDU.data) throw new ProtocolError('unexpectedPdu');
    yield* decodeData(pdu.body);
  }
}

async function readCommand(first: Pdv, values: AsyncGenerator<Pdv>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (let value = first; ; value = await nextOf(values)) {
    bytes += PDV_HEADER_BYTES + value.bytes.length; // a piece takes memory even when it is empty
    const isOurs = value.isCommand && value.contextId === first.contextId;
    if (!isOurs || bytes > COMMAND_BYTES_MAX) throw new ProtocolError('invalidParameter');
    parts.push(value.bytes);
    if (value.isLast) return Buffer.concat(parts);
  }
}

async function* readDataSet(values: AsyncGenerator<Pdv>, contextId: number): AsyncGenerator<Buffer> {
  for (;;) {
    const value = await nextOf(values);
    if (value.isCommand || value.contextId !== contextId) throw new ProtocolError('invalidParameter');
    yield value.bytes;
    if (value.isLast) return;
  }
}

/** A release in the middle of a message is out of place. */
async function nextOf(values: AsyncGenerator<Pdv>): Promise<Pdv> {
  const next = await values.next();
  if (next.done) throw new ProtocolError('unexpectedPdu');
  return next.value;
}
