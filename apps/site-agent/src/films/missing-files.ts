import { posix } from 'node:path';

/** Whether a source has a file, by its path there. */
export type HasFile = (file: string) => boolean;

/** Files that are not there, by their paths; `file` stands for several of a DICOMDIR where `count` is set. */
export type MissingFile = { file: string; code: 'FILE_MISSING' | 'FILES_MISSING'; count?: number };

/** Listed singly in one ingest. A disc holds some hundreds of films; who misses more has to copy it again, and reads no longer list. */
const LISTED_MAX = 1_000;
/** Names looked for in one ingest, and those of one DICOMDIR more: several discs. Each takes four looks at the file system. */
const NAMES_MAX = 100_000;

/** Finds, in one ingest, the files that its DICOMDIRs name and the source lacks. A made-up DICOMDIR names some 50,000. */
export type MissingFinder = {
  /** Whether the names of another DICOMDIR would be looked for; then they count. Those of others needn't be kept. */
  takes(names: readonly string[]): boolean;
  /** `names`: a number where they weren't taken. */
  find(directory: string, names: readonly string[] | number, hasFile: HasFile): MissingFile[];
};

export function createMissingFinder(): MissingFinder {
  let [taken, listed] = [0, 0];
  return {
    takes: ({ length }) => {
      const hasRoom = taken < NAMES_MAX;
      if (hasRoom) taken += length;
      return hasRoom;
    },
    find: (directory, names, hasFile) => {
      const missing = typeof names === 'number' ? [] : findMissing(directory, names, hasFile);
      const singly = missing.slice(0, LISTED_MAX - listed);
      listed += singly.length;
      const count = typeof names === 'number' ? names : missing.length - singly.length;
      const others: MissingFile = { file: `${directory}/*`, code: 'FILES_MISSING', count };
      return [
        ...singly.map((file): MissingFile => ({ file, code: 'FILE_MISSING' })),
        ...(count > 0 ? [others] : []),
      ];
    },
  };
}

/** By their paths there. Media are read by systems that write names in small letters or add the version `;1` of ISO 9660. */
function findMissing(directory: string, names: readonly string[], hasFile: HasFile): string[] {
  const folder = posix.dirname(directory);
  const spellings = (name: string) => [name, name.toLowerCase()].flatMap((text) => [text, `${text};1`]);
  return names
    .filter((name) => !spellings(name).some((spelling) => hasFile(posix.join(folder, spelling))))
    .map((name) => posix.join(folder, name));
}
