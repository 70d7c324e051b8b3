import { posix } from 'node:path';

/** Whether a source has a file, by its path there. */
export type HasFile = (file: string) => boolean;

/**
 * Files that a DICOMDIR names and the source doesn't have, by their paths there. Media are read by systems that write names in
 * small letters or add the version `;1` of ISO 9660.
 */
export function findMissing(directory: string, namedFiles: readonly string[], hasFile: HasFile): string[] {
  const folder = posix.dirname(directory);
  const spellings = (name: string) => [name, name.toLowerCase()].flatMap((text) => [text, `${text};1`]);
  const places = namedFiles.map((name) => ({ file: posix.join(folder, name), name }));
  return places
    .filter(({ name }) => !spellings(name).some((spelling) => hasFile(posix.join(folder, spelling))))
    .map(({ file }) => file);
}
