import { open, rename, rm } from 'node:fs/promises';
import type { IngestVerdict } from './ingest-folder.ts';

const FLUSH_EVERY = 256; // verdicts

export type VerdictFile = {
  add(verdict: IngestVerdict): Promise<void>;
  /** Ends the array and puts the file in place. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
};

/** Writes verdicts as one JSON array while they come, under another name until it is whole. Throws what the file system does. */
export async function createVerdictFile(path: string): Promise<VerdictFile> {
  const draft = `${path}.${process.pid}.part`;
  const file = await open(draft, 'w', 0o600);
  let lines: string[] = [];
  let separator = '\n';
  const flush = async () => {
    const text = lines.join('');
    lines = [];
    await file.writeFile(text);
  };
  await file.writeFile('[');
  return {
    add: async (verdict) => {
      lines.push(`${separator}  ${JSON.stringify(verdict)}`);
      separator = ',\n';
      if (lines.length >= FLUSH_EVERY) await flush();
    },
    finish: async () => {
      lines.push('\n]\n');
      await flush();
      await file.sync();
      await file.close();
      await rename(draft, path);
    },
    discard: async () => {
      await file.close().catch(() => undefined); // finished files are closed already
      await rm(draft, { force: true });
    },
  };
}
