/** Reasons of the service provider in an A-ABORT (PS3.8 table 9-26). */
export const ABORT_REASON = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameter: 6,
} as const;

export type AbortReason = keyof typeof ABORT_REASON;

/** The peer broke the protocol: the association ends with an A-ABORT that says `reason`. */
export class ProtocolError extends Error {
  readonly code = 'PROTOCOL_ERROR';
  readonly reason: AbortReason;

  constructor(reason: AbortReason) {
    super(`The peer broke the DICOM upper layer protocol (${reason})`);
    this.name = 'ProtocolError';
    this.reason = reason;
  }
}

/** The peer went away or was too slow; there is nobody to tell. */
export class ConnectionLost extends Error {
  readonly code: 'PEER_GONE' | 'PEER_TOO_SLOW' | 'PEER_ABORTED';

  constructor(code: ConnectionLost['code']) {
    super(code);
    this.name = 'ConnectionLost';
    this.code = code;
  }
}
