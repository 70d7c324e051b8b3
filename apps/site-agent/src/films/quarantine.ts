import { createHash } from 'node:crypto';
import { appendLines, readLines } from '../durable-file.ts';
import type { Home } from '../home.ts';

/** What this agent refuses beyond the reader's own reasons. */
export const INGEST_REFUSALS = {
  NO_LABEL: 'No label was found for this film. Add it to the label file and ingest again.',
  DUPLICATE: 'The same film was ingested from another file. Nothing to do.',
} as const;

/** A refused file. `path` is relative to the folder that was ingested and stays in this one file of the home. */
export type Refused = { path: string; fileSha256: string; code: string; stage: string; at: string };

/** A refused file as a person at the site asks for it. */
export type QuarantineEntry = Refused & { id: string };

export async function addToQuarantine(home: Home, refused: readonly Refused[]): Promise<void> {
  await appendLines(home.files.quarantine, refused);
}

/** The last verdict on each file still refused; `accepted` tells the files that a later ingest took. */
export async function readQuarantine(
  home: Home,
  accepted: (fileSha256: string) => boolean,
): Promise<QuarantineEntry[]> {
  const entries = new Map<string, QuarantineEntry>();
  for (const refused of await readLines<Refused>(home.files.quarantine)) {
    const id = entryId(refused);
    entries.set(id, { ...refused, id });
  }
  return [...entries.values()].filter(
    ({ code, fileSha256 }) => code === 'DUPLICATE' || !accepted(fileSha256),
  );
}

/** Short and stable: the same file keeps its id however often it is ingested. */
function entryId({ path, fileSha256 }: Refused): string {
  return createHash('sha256').update(`${fileSha256}\0${path}`).digest('hex').slice(0, 12);
}

/** How many files were refused with each code: what may be told to others. */
export function countRefusals(entries: readonly { code: string }[]): { code: string; count: number }[] {
  const codes = [...new Set(entries.map(({ code }) => code))].sort();
  return codes.map((code) => ({ code, count: entries.filter((entry) => entry.code === code).length }));
}
