const STUDY = { group: 0x0020, element: 0x000d }; // Study Instance UID
const LOOKED_AT_MAX = 1024 * 1024; // bytes; it lies in the first few thousand

export type StudySearch = {
  /** The next bytes of the film. */
  look(bytes: Uint8Array): void;
  isFound(): boolean;
};

/**
 * Looks for the Study Instance UID of a study in a film that streams by, as PS3.5 encodes it: little endian with or without VR, big
 * endian. The data set isn't parsed here, so a deflated one is not found in any study.
 */
export function searchStudy(studyUid: string): StudySearch {
  const needles = encodeStudy(studyUid);
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1;
  let [rest, lookedAt, found] = [Buffer.alloc(0), 0, false];
  return {
    look: (bytes) => {
      if (found || lookedAt >= LOOKED_AT_MAX) return;
      const text = Buffer.concat([rest, bytes]);
      found = needles.some((needle) => text.includes(needle));
      lookedAt += bytes.length;
      rest = text.subarray(Math.max(0, text.length - overlap));
    },
    isFound: () => found,
  };
}

function encodeStudy(studyUid: string): Buffer[] {
  const value = Buffer.from(studyUid.length % 2 ? `${studyUid}\0` : studyUid, 'latin1');
  const [explicit, implicit, bigEndian] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)];
  for (const head of [explicit, implicit]) {
    head.writeUInt16LE(STUDY.group, 0);
    head.writeUInt16LE(STUDY.element, 2);
  }
  bigEndian.writeUInt16BE(STUDY.group, 0);
  bigEndian.writeUInt16BE(STUDY.element, 2);
  for (const head of [explicit, bigEndian]) head.write('UI', 4, 'latin1');
  explicit.writeUInt16LE(value.length, 6);
  implicit.writeUInt32LE(value.length, 4);
  bigEndian.writeUInt16BE(value.length, 6);
  return [explicit, implicit, bigEndian].map((head) => Buffer.concat([head, value]));
}
