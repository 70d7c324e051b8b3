import { createHash } from 'node:crypto';
import { appendLines, readLines, streamLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import type { FilmSelection } from './catalogue.ts';

/** What this agent refuses beyond the reader's own reasons. */
export const INGEST_REFUSALS = {
  NO_LABEL:
    'No label was found for this film. Add it to labels.csv in the folder of the films, then run `synspine-site quarantine retry`; or name another label file there with --labels.',
  LABEL_UNKNOWN:
    'A word that the label file says about this film is none of a known finding. Correct it there, or say in labels.json of the home what it stands for; then run `synspine-site quarantine retry`.',
  LABEL_AMBIGUOUS:
    'The row of the label file that names this film names another one, too. Write the folder before the file’s name, or the SOP Instance UID; then run `synspine-site quarantine retry`.',
  LABEL_ZEROS_LOST:
    'The label file names this film without the zeros that its number starts with. Format the column as text where it was written, and export it again; then run `synspine-site quarantine retry`.',
  LABEL_CONFLICT:
    'The label files call this film normal and abnormal. Correct them, then run `synspine-site quarantine retry`.',
  NOT_A_SPINE:
    'The film does not look like the site’s other films of the spine: it shows something else, lies on its side or is inverted. Leave it out; or, where it is right, set "unlikeSpine" to "take" in selection.json and run `synspine-site quarantine retry`. A film that the home had taken before lies there as films/….png; to take it back, ingest the folder that it came from.',
  DUPLICATE: 'The same film was ingested from another file. Nothing to do.',
  FILE_MISSING:
    'A DICOMDIR names this file, and it is not on the medium. Copy the medium again, or leave it: nothing of it was taken.',
  FILES_MISSING:
    'A DICOMDIR names more files that are not on the medium than are listed one by one, or more than are looked for. Copy the medium again, or leave them: nothing of them was taken.',
  FILE_GONE:
    'The file is not there any more. Put it back and try again, or leave it: nothing of it was taken.',
} as const;

/** A refused file. Its paths stay in this one file of the home. */
export type Refused = {
  /** Relative to `folder`. */
  path: string;
  /** What was ingested; absent in lines of agents that could not try again. */
  folder?: string;
  fileSha256: string;
  code: string;
  stage: string;
  at: string;
  /** Files that it stands for, where that isn't one. */
  count?: number;
  /** The cell of the label file to correct, where that is why. */
  labelRow?: number;
  labelColumn?: string;
  /** What the film was taken to show, as far as it was read. */
  selection?: Partial<FilmSelection>;
};

/** Takes back what was said about a file: it was ingested since. */
type Released = { path: string; folder: string; released: string };

/** A refused file as a person at the site asks for it. */
export type QuarantineEntry = Refused & { id: string };

export async function addToQuarantine(home: Home, refused: readonly Refused[]): Promise<void> {
  await appendLines(home.files.quarantine, refused);
}

/** The quarantine as an ingest writes it. */
export type QuarantineWriter = {
  refuse(refused: Refused & { folder: string }): void;
  /** The file was ingested: forgets an earlier refusal. */
  release(folder: string, path: string): void;
  save(): Promise<void>;
};

/** Opens the quarantine for an ingest. A verdict that is known already isn't written again. */
export async function openQuarantine(home: Home): Promise<QuarantineWriter> {
  const verdicts = new Map<string, string>(); // id → verdict: as many as there are refused files
  const unsaved: (Refused | Released)[] = [];
  const verdictOf = ({ code, fileSha256, count, labelRow }: Refused) =>
    `${code} ${fileSha256.slice(0, 16)} ${count} ${labelRow}`;
  for await (const { value } of streamLines<Refused | Released>(home.files.quarantine)) {
    if ('released' in value) verdicts.delete(entryId(value));
    else verdicts.set(entryId(value), verdictOf(value));
  }
  return {
    refuse: (refused) => {
      const id = entryId(refused);
      if (verdicts.get(id) === verdictOf(refused)) return;
      verdicts.set(id, verdictOf(refused));
      unsaved.push(refused);
    },
    release: (folder, path) => {
      if (verdicts.delete(entryId({ folder, path })))
        unsaved.push({ folder, path, released: new Date().toISOString() });
    },
    save: async () => {
      const lines = [...unsaved];
      await appendLines(home.files.quarantine, lines);
      unsaved.splice(0, lines.length);
    },
  };
}

/** The last verdict on each file still refused; `accepted` tells the files that a later ingest took from elsewhere. */
export async function readQuarantine(
  home: Home,
  accepted: (fileSha256: string) => boolean,
): Promise<QuarantineEntry[]> {
  const entries = new Map<string, QuarantineEntry>();
  for (const line of await readLines<Refused | Released>(home.files.quarantine)) {
    const id = entryId(line);
    if ('released' in line) entries.delete(id);
    else entries.set(id, { ...line, id });
  }
  return [...entries.values()].filter(
    ({ code, fileSha256 }) => code === 'DUPLICATE' || !accepted(fileSha256),
  );
}

/** Short and stable: the same file keeps its id however often it is ingested. */
function entryId({
  folder,
  path,
  ...line
}: Pick<Refused, 'folder' | 'path'> & { fileSha256?: string }): string {
  return createHash('sha256')
    .update(`${folder ?? line.fileSha256}\0${path}`)
    .digest('hex')
    .slice(0, 12);
}

/** How many files were refused with each code: what may be told to others. */
export function countRefusals(entries: Iterable<{ code: string }>): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { code } of entries) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => (a.code < b.code ? -1 : 1));
}
