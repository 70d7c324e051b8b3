import { type Part, splitMultipart } from '../multipart/split-multipart.ts';
import type { IntakeRefusal } from '../spool/intake.ts';
import type { Spool } from '../spool/spool.ts';
import { type FileMetaUids, HEAD_BYTES, readFileMetaUids } from './file-meta-uids.ts';
import { searchStudy } from './find-study.ts';

/** What became of one part of a STOW-RS request; a code where it wasn't stored. */
export type PartOutcome = FileMetaUids & { code: IntakeRefusal | 'NOT_A_DICOM_PART' | 'OTHER_STUDY' | null };

export type StoreParts = { spool: Spool; roomWaitMs: number; filmMs: number; signal: AbortSignal } & {
  /** The only study whose films are taken; undefined: any. */
  study?: string;
};

/** Streams each part of a request into the spool. Throws MultipartError. */
export async function storeParts(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  options: StoreParts,
): Promise<PartOutcome[]> {
  const outcomes: PartOutcome[] = [];
  let { roomWaitMs } = options;
  for await (const part of splitMultipart(body, boundary)) {
    const outcome = await storePart(part, { ...options, roomWaitMs });
    outcomes.push(outcome);
    if (outcome.code === 'NO_ROOM') roomWaitMs = 0; // one wait a request
  }
  return outcomes;
}

async function storePart(
  part: Part,
  { spool, roomWaitMs, filmMs, signal, study }: StoreParts,
): Promise<PartOutcome> {
  const type = part.headers.get('content-type') ?? 'application/dicom';
  if (!/^application\/dicom\s*(;|$)/i.test(type))
    return { sopClassUid: '', sopInstanceUid: '', code: 'NOT_A_DICOM_PART' };
  const deadline = Date.now() + filmMs;
  const intake = await spool.begin({ waitMs: roomWaitMs, signal });
  const search = study === undefined ? undefined : searchStudy(study);
  let head = Buffer.alloc(0);
  try {
    for await (const bytes of part.content) {
      if (Date.now() > deadline) throw new Error('a film took too long to arrive');
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
      search?.look(bytes);
      await intake.write(bytes);
    }
    if (search && !search.isFound()) return { ...readFileMetaUids(head), code: 'OTHER_STUDY' };
    const received = await intake.commit();
    return { ...readFileMetaUids(head), code: received.kind === 'stored' ? null : received.code };
  } finally {
    await intake.discard();
  }
}
