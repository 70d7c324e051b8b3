import { createAddressCheck } from '../peer-addresses.ts';
import { APPLICATION_CONTEXT, type AssociateRequest, REJECTION, type Rejection } from './pdu.ts';

/** Who may send what to the C-STORE SCP, and how much of it. */
export type StoreSettings = {
  aeTitles: readonly string[];
  callers: readonly { aeTitle: string; addresses: readonly string[] }[];
  associationsMax: number;
  /** Longest P-DATA-TF that we take. */
  pduBytesMax: number;
  /** ARTIM: from the connection to the A-ASSOCIATE-RQ, and from our last word to the peer's close. */
  artimMs: number;
  /** Longest wait for the next PDU, from its first byte to its last. */
  idleMs: number;
  /** Longest time that one film may take to arrive. */
  filmMs: number;
  /** Longest wait for room in the spool before the sender is told to come back later. */
  roomWaitMs: number;
};

/** Why an association is refused, or null. An unknown caller and a known one from elsewhere look the same. */
export function checkAssociation(
  request: AssociateRequest,
  address: string | undefined,
  settings: StoreSettings,
  associations: number,
): Rejection | null {
  if ((request.protocolVersion & 1) === 0) return REJECTION.protocolVersionUnknown;
  if (request.applicationContext !== APPLICATION_CONTEXT) return REJECTION.applicationContextUnknown;
  if (!settings.aeTitles.includes(request.calledAe)) return REJECTION.calledAeUnknown;
  const isKnown = settings.callers.some(
    ({ aeTitle, addresses }) => aeTitle === request.callingAe && createAddressCheck(addresses)(address),
  );
  if (!isKnown) return REJECTION.callingAeUnknown;
  return associations > settings.associationsMax ? REJECTION.tooManyAssociations : null;
}
