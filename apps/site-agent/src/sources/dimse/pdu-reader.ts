import type { Socket } from 'node:net';
import { PDU, PDU_HEADER_BYTES } from './pdu.ts';
import { ConnectionLost, ProtocolError } from './protocol-error.ts';

type ReceivedPdu = { type: number; body: Buffer };

export type PduReader = {
  /**
   * The next whole PDU, or null when the peer closed between two. The socket is read for it and no further, so that a
   * peer is paused by not asking. Throws ConnectionLost, ProtocolError.
   */
  next(withinMs: number): Promise<ReceivedPdu | null>;
};

/** 128 contexts with 20 syntaxes each. It bounds what an unknown peer may make us keep. */
const ASSOCIATE_BYTES_MAX = 128 * 1024;

/** Reads PDUs whose P-DATA-TF hold at most `dataBytesMax`: a length is checked before its bytes are waited for. */
export function createPduReader(socket: Socket, dataBytesMax: number): PduReader {
  const readBytes = createByteReader(socket);
  return {
    next: (withinMs) =>
      within(socket, withinMs, async () => {
        const header = await readBytes(PDU_HEADER_BYTES);
        if (header.length === 0) return null;
        if (header.length < PDU_HEADER_BYTES) throw new ConnectionLost('PEER_GONE');
        const [type, length] = [header[0]!, header.readUInt32BE(2)];
        checkLength(type, length, dataBytesMax);
        const body = await readBytes(length);
        if (body.length < length) throw new ConnectionLost('PEER_GONE');
        return { type, body };
      }),
  };
}

function checkLength(type: number, length: number, dataBytesMax: number): void {
  if (type < PDU.associateRequest || type > PDU.abort) throw new ProtocolError('unrecognizedPdu');
  const max = type === PDU.data ? dataBytesMax : type <= PDU.associateReject ? ASSOCIATE_BYTES_MAX : 4;
  if (length > max) throw new ProtocolError('invalidParameter');
}

/** Reads `length` bytes, or fewer when the peer closed. */
function createByteReader(socket: Socket): (length: number) => Promise<Buffer> {
  let wake = () => {};
  for (const event of ['readable', 'end', 'close', 'error']) socket.on(event, () => wake());
  return async (length) => {
    for (;;) {
      if (length === 0) return Buffer.alloc(0);
      const bytes: Buffer | null = socket.read(length);
      if (bytes) return bytes; // at the end of the stream it may be shorter
      if (socket.readableEnded || socket.destroyed) return Buffer.alloc(0);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

/** One timer for the whole PDU: a peer that sends a byte now and then is as slow as one that sends none. */
async function within<T>(socket: Socket, ms: number, read: () => Promise<T>): Promise<T> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, ms);
  try {
    const value = await read();
    if (isLate) throw new ConnectionLost('PEER_TOO_SLOW');
    return value;
  } catch (error) {
    throw isLate ? new ConnectionLost('PEER_TOO_SLOW') : error;
  } finally {
    clearTimeout(timer);
  }
}
