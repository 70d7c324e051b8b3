import { uidFromSeed } from '@synspine/dicom';

/** Says which program received a film, the same for every film (PS3.7 annex D.3.3.2). */
export const IMPLEMENTATION = { class: uidFromSeed('synspine receiver'), version: 'SYNSPINE_1' } as const;

const PREAMBLE_BYTES = 128;

/**
 * What stands before a received data set to make it a file: preamble and file meta information (PS3.10 section 7.1).
 * It holds nothing of the moment or the sender, so that the same data set makes the same file.
 */
export function encodeFileMeta(sopClassUid: string, sopInstanceUid: string, transferSyntax: string): Buffer {
  const rest = Buffer.concat([
    element(0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 'UI', uidValue(sopClassUid)),
    element(0x0003, 'UI', uidValue(sopInstanceUid)),
    element(0x0010, 'UI', uidValue(transferSyntax)),
    element(0x0012, 'UI', uidValue(IMPLEMENTATION.class)),
    element(0x0013, 'SH', Buffer.from(IMPLEMENTATION.version)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(rest.length);
  return Buffer.concat([Buffer.alloc(PREAMBLE_BYTES), Buffer.from('DICM'), element(0, 'UL', length), rest]);
}

/** Explicit little endian (PS3.5 section 7.1.2); only OB has the long form here. */
function element(number: number, vr: 'OB' | 'SH' | 'UI' | 'UL', value: Buffer): Buffer {
  const header = Buffer.alloc(vr === 'OB' ? 12 : 8);
  header.writeUInt16LE(2, 0);
  header.writeUInt16LE(number, 2);
  header.write(vr, 4, 'latin1');
  if (vr === 'OB') header.writeUInt32LE(value.length, 8);
  else header.writeUInt16LE(value.length, 6);
  return Buffer.concat([header, value]);
}

function uidValue(uid: string): Buffer {
  return Buffer.from(uid.length % 2 ? `${uid}\0` : uid, 'latin1');
}
