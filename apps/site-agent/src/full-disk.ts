import { errorCode } from './site-error.ts';

/** Codes of the system for a file system that takes nothing more for now, and what they are called here. */
const NO_ROOM: Readonly<Record<string, 'DISK_FULL' | 'DISK_READ_ONLY'>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EFBIG: 'DISK_FULL', // the largest file that a quota or the file system allows
  EROFS: 'DISK_READ_ONLY', // as kernels mount a disk again that had errors
};

/** What keeps the disk from taking more; undefined for an error of another kind. */
export function noRoomCode(error: unknown): 'DISK_FULL' | 'DISK_READ_ONLY' | undefined {
  const code = errorCode(error);
  return Object.hasOwn(NO_ROOM, code) ? NO_ROOM[code] : undefined;
}
