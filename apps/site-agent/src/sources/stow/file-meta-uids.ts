import { isUid } from '@synspine/dicom';

const PREFIX_BYTES = 132;
const META_BYTES_MAX = 4_096; // a file meta information has about 300
const LONG_VRS = ['OB', 'OW', 'OF', 'SQ', 'UT', 'UN', 'UC', 'UR'];

/** What the head of a DICOM file says about itself; '' for what it doesn't. */
export type FileMetaUids = { sopClassUid: string; sopInstanceUid: string };

export const HEAD_BYTES = PREFIX_BYTES + META_BYTES_MAX;

/**
 * The UIDs in the file meta information (PS3.10 section 7.1) at the head of a file, for an answer that must name the film. Nothing
 * else of the file is looked at here; its data set is read in a process of its own.
 */
export function readFileMetaUids(head: Buffer): FileMetaUids {
  const uids = { sopClassUid: '', sopInstanceUid: '' };
  for (let at = PREFIX_BYTES; at + 8 <= head.length && head.readUInt16LE(at) === 2; ) {
    const isLong = LONG_VRS.includes(head.toString('latin1', at + 4, at + 6));
    const start = at + (isLong ? 12 : 8);
    if (start > head.length) break;
    const end = start + (isLong ? head.readUInt32LE(at + 8) : head.readUInt16LE(at + 6));
    if (end > head.length) break;
    const element = head.readUInt16LE(at + 2);
    if (element === 0x0002) uids.sopClassUid = readUid(head.subarray(start, end));
    if (element === 0x0003) uids.sopInstanceUid = readUid(head.subarray(start, end));
    at = end;
  }
  return uids;
}

function readUid(value: Buffer): string {
  const text = value.toString('latin1').replace(/[\0 ]+$/, '');
  return isUid(text) ? text : ''; // nothing else is repeated to anyone
}
