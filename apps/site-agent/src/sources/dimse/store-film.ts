import { isUid } from '@synspine/dicom';
import type { IntakeRefusal } from '../spool/intake.ts';
import type { Spool } from '../spool/spool.ts';
import { STATUS, type Status } from './command-set.ts';
import { encodeFileMeta } from './file-meta.ts';
import type { Message } from './messages.ts';
import { VERIFICATION } from './presentation-contexts.ts';
import { ConnectionLost } from './protocol-error.ts';
import type { StoreSettings } from './store-settings.ts';

const REFUSALS: Record<IntakeRefusal, Status> = {
  NO_ROOM: STATUS.outOfResources,
  TOO_LARGE: STATUS.cannotUnderstand,
  NOT_DICOM: STATUS.cannotUnderstand, // we write the prefix ourselves
};

type Context = { abstractSyntax: string; transferSyntax: string };

/**
 * C-STORE (PS3.4 annex B): the data set's bytes go to the spool as they come, behind a file meta information of ours.
 * Success is said only once the film would survive a power cut.
 */
export async function storeFilm(
  { command, dataSet }: Message,
  { abstractSyntax, transferSyntax }: Context,
  { spool, settings, signal }: { spool: Spool; settings: StoreSettings; signal: AbortSignal },
): Promise<Status> {
  const { sopClassUid, sopInstanceUid } = command;
  const problem = checkCommand(command, abstractSyntax);
  if (problem !== null) {
    for await (const _ of dataSet()); // the answer comes after the data set
    return problem;
  }
  const deadline = Date.now() + settings.filmMs;
  const intake = await spool.begin({ waitMs: settings.roomWaitMs, signal });
  try {
    await intake.write(encodeFileMeta(sopClassUid, sopInstanceUid, transferSyntax));
    for await (const bytes of dataSet()) {
      if (Date.now() > deadline) throw new ConnectionLost('PEER_TOO_SLOW');
      await intake.write(bytes);
    }
    const received = await intake.commit();
    return received.kind === 'stored' ? STATUS.success : REFUSALS[received.code];
  } finally {
    await intake.discard();
  }
}

function checkCommand(
  { hasDataSet, sopClassUid, sopInstanceUid }: Message['command'],
  abstractSyntax: string,
): Status | null {
  if (abstractSyntax === VERIFICATION || sopClassUid !== abstractSyntax) return STATUS.classNotSupported;
  if (!isUid(sopInstanceUid)) return STATUS.invalidInstance;
  return hasDataSet ? null : STATUS.cannotUnderstand;
}
