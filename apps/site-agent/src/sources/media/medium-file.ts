import type { Readable } from 'node:stream';

/** A file on a medium; `file` is its path there. It is opened once, and only before the next one is asked for. */
export type MediumFile = {
  file: string;
  open(): Promise<{ content: Readable } | { refused: 'TOO_LARGE' | 'FILE_UNREADABLE' }>;
};
