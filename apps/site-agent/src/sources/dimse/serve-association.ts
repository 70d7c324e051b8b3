import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Spool } from '../spool/spool.ts';
import { COMMAND, type Command, encodeResponse, STATUS, type Status } from './command-set.ts';
import { IMPLEMENTATION } from './file-meta.ts';
import { type Message, readMessages } from './messages.ts';
import {
  type AssociateRequest,
  type ContextAnswer,
  decodeAssociateRequest,
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeCommandData,
  encodeReleaseResponse,
  PDU,
} from './pdu.ts';
import { createPduReader, type PduReader } from './pdu-reader.ts';
import { answerContext, VERIFICATION } from './presentation-contexts.ts';
import { ConnectionLost, ProtocolError } from './protocol-error.ts';
import { storeFilm } from './store-film.ts';
import { checkAssociation, type StoreSettings } from './store-settings.ts';

export type AssociationDeps = {
  spool: Spool;
  settings: StoreSettings;
  /** Associations that are open, this one included. */
  associations: () => number;
  signal: AbortSignal;
};

/** How an association ended, in counts and a code: fit for the log. */
export type AssociationEnd = {
  code: 'RELEASED' | 'REJECTED' | 'CLOSED' | 'PROTOCOL_ERROR' | ConnectionLost['code'];
  stored: number;
  refused: number;
};

/** One connection, from its A-ASSOCIATE-RQ to its close (PS3.8 section 9.2). Throws what is no fault of the peer. */
export async function serveAssociation(socket: Socket, deps: AssociationDeps): Promise<AssociationEnd> {
  const counts = { stored: 0, refused: 0 };
  try {
    const code = await converse(socket, deps, counts);
    await finish(socket, deps.settings.artimMs);
    return { code, ...counts };
  } catch (error) {
    if (error instanceof ConnectionLost) return { code: error.code, ...counts };
    const reason = error instanceof ProtocolError ? error.reason : 'notSpecified';
    if (socket.writable) socket.write(encodeAbort(reason));
    await finish(socket, deps.settings.artimMs);
    if (error instanceof ProtocolError) return { code: error.code, ...counts };
    throw error;
  } finally {
    socket.destroy();
  }
}

type Counts = { stored: number; refused: number };

async function converse(
  socket: Socket,
  deps: AssociationDeps,
  counts: Counts,
): Promise<AssociationEnd['code']> {
  const { settings } = deps;
  const reader = createPduReader(socket, settings.pduBytesMax);
  const request = await readRequest(reader, settings.artimMs);
  if (!request) return 'CLOSED';
  const rejection = checkAssociation(request, socket.remoteAddress, settings, deps.associations());
  if (rejection) {
    await send(socket, encodeAssociateReject(rejection), settings.artimMs);
    return 'REJECTED';
  }
  const answers = request.contexts.map(answerContext);
  const { idleMs } = settings;
  const own = { implementationClass: IMPLEMENTATION.class, implementationVersion: IMPLEMENTATION.version };
  const accept = encodeAssociateAccept(request, answers, { maxLength: settings.pduBytesMax, ...own });
  await send(socket, accept, idleMs);
  for await (const message of readMessages(reader, idleMs)) {
    const { contextId, command } = message;
    const context = findContext(request, answers, contextId);
    const status = await carryOut(message, context, deps);
    if (status === null) continue;
    if (command.field === COMMAND.store) counts[status === STATUS.success ? 'stored' : 'refused']++;
    const answer = encodeCommandData(contextId, encodeResponse(command, status), request.maxLength);
    await send(socket, answer, idleMs);
  }
  await send(socket, encodeReleaseResponse(), idleMs);
  return 'RELEASED';
}

async function readRequest(reader: PduReader, artimMs: number): Promise<AssociateRequest | null> {
  const pdu = await reader.next(artimMs);
  if (!pdu) return null; // a port check
  if (pdu.type === PDU.abort) throw new ConnectionLost('PEER_ABORTED');
  if (pdu.type !== PDU.associateRequest) throw new ProtocolError('unexpectedPdu');
  return decodeAssociateRequest(pdu.body);
}

type Context = { abstractSyntax: string; transferSyntax: string };

function findContext(
  { contexts }: AssociateRequest,
  answers: readonly ContextAnswer[],
  contextId: number,
): Context {
  const answer = answers.find(({ id, result }) => id === contextId && result === 0);
  if (!answer) throw new ProtocolError('invalidParameter'); // data on a context that was not agreed
  const { abstractSyntax } = contexts.find(({ id }) => id === contextId)!;
  return { abstractSyntax, transferSyntax: answer.transferSyntax };
}

/** The status of a command's answer; null where none is due. */
async function carryOut(message: Message, context: Context, deps: AssociationDeps): Promise<Status | null> {
  const { command } = message;
  if (command.field === COMMAND.store) return storeFilm(message, context, deps);
  for await (const _ of message.dataSet()); // what we don't understand is read past
  if (command.field === COMMAND.cancel) return null; // nothing here takes long enough to be cancelled
  return isEcho(command, context) ? STATUS.success : STATUS.unrecognizedOperation;
}

function isEcho({ field }: Command, { abstractSyntax }: Context): boolean {
  return field === COMMAND.echo && abstractSyntax === VERIFICATION;
}

/** A peer that takes nothing of what it asked for is given up after `withinMs`. */
async function send(socket: Socket, bytes: Buffer, withinMs: number): Promise<void> {
  if (!socket.writable) throw new ConnectionLost('PEER_GONE');
  if (socket.write(bytes)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => waiting.abort(), withinMs);
  try {
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]);
  } catch {
    throw new ConnectionLost(signal.aborted ? 'PEER_TOO_SLOW' : 'PEER_GONE');
  } finally {
    clearTimeout(timer);
    waiting.abort(); // lets go of the listener that was not called
  }
}

/** The peer closes first (PS3.8 state 13); one that doesn't is closed after ARTIM. What it still sends is dropped. */
async function finish(socket: Socket, artimMs: number): Promise<void> {
  if (socket.destroyed) return;
  socket.end();
  socket.removeAllListeners('readable').resume(); // a stream with that listener doesn't flow
  const timer = setTimeout(() => socket.destroy(), artimMs);
  await once(socket, 'close').catch(() => undefined);
  clearTimeout(timer);
}
