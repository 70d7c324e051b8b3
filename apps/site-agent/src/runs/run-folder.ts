import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { readValue, sealValue } from '../sealed-file.ts';
import { SiteError } from '../site-error.ts';
import type { Origins } from '../training/choose-options.ts';
import { type RunOptions, runOptions } from './run-options.ts';

/** A run is a folder: whatever the queue says, what lies here is what happened. */
export type RunFolder = {
  runId: string;
  path: string;
  options: RunOptions;
  createdAt: string;
  notes: RunNotes;
  files: {
    state: string;
    progress: string;
    failures: string;
    damages: string;
    cancel: string;
    workerLog: string;
  };
  folders: { claims: string; stages: string; drafts: string; checkpoints: string; features: string };
};

/** What is kept with a run beside its options; runs of 0.1 have none of it. */
export type RunNotes = {
  /** Who said each option. */
  origins?: Origins;
  /** Films in the home when the run was made. */
  films?: number;
};

type RunFile = { schema: 'synspine.run/1'; createdAt: string; options: unknown } & RunNotes;

const RUN_FILE = 'run.json';
const RUN_ID = /^run-[0-9a-z-]{8,40}$/;

/** Makes a run. Its id begins with the time, so that ids sort by age, and says nothing else. */
export async function createRun(home: Home, options: RunOptions, notes: RunNotes = {}): Promise<RunFolder> {
  const runId = `run-${Date.now().toString(36)}-${randomBytes(3).toString('hex')}`;
  const createdAt = new Date().toISOString();
  const run = describeRun(home, runId, { ...notes, options: runOptions.parse(options), createdAt });
  for (const folder of Object.values(run.folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = { schema: 'synspine.run/1', createdAt, options, ...notes } satisfies RunFile;
  await writeJson(join(run.path, RUN_FILE), sealValue(file));
  return run;
}

/** Opens a run. Throws RUN_UNKNOWN, RUN_FILE_DAMAGED. */
export async function openRun(home: Home, runId: string): Promise<RunFolder> {
  if (!RUN_ID.test(runId)) throw new SiteError('RUN_UNKNOWN');
  const file = await readValue<RunFile>(join(home.folders.runs, runId, RUN_FILE));
  if (file === undefined) throw new SiteError('RUN_UNKNOWN');
  const options = runOptions.safeParse(file?.options);
  if (!file || !options.success) throw new SiteError('RUN_FILE_DAMAGED', RUN_FILE);
  return describeRun(home, runId, { ...file, options: options.data });
}

/**
 * All runs, newest first. A folder without run.json was being made when the agent died, and isn't one; one whose run.json is damaged
 * must not keep the others from going on ({@link listDamagedRuns}).
 */
export async function listRuns(home: Home): Promise<RunFolder[]> {
  return (await openAll(home)).filter((run) => run !== undefined && run !== 'damaged') as RunFolder[];
}

/** The ids of the runs whose run.json can't be read, newest first. Of these nothing is known but what lies in their folders. */
export async function listDamagedRuns(home: Home): Promise<string[]> {
  const opened = await openAll(home);
  return (await listNames(home)).filter((_, i) => opened[i] === 'damaged');
}

async function openAll(home: Home): Promise<(RunFolder | 'damaged' | undefined)[]> {
  const opened = (await listNames(home)).map((name) =>
    openRun(home, name).catch((error: unknown) => {
      if (!(error instanceof SiteError)) throw error;
      return error.code === 'RUN_FILE_DAMAGED' ? ('damaged' as const) : undefined;
    }),
  );
  return Promise.all(opened);
}

async function listNames(home: Home): Promise<string[]> {
  return (await readdir(home.folders.runs)).sort().reverse();
}

/** Where `cancel` leaves its word. */
export function cancelFileOf(home: Home, runId: string): string {
  return join(home.folders.runs, runId, 'cancel');
}

function describeRun(
  home: Home,
  runId: string,
  { options, createdAt, origins, films }: RunNotes & Pick<RunFolder, 'options' | 'createdAt'>,
): RunFolder {
  const path = join(home.folders.runs, runId);
  const at = (name: string) => join(path, name);
  return {
    runId,
    path,
    options,
    createdAt,
    notes: { origins, films },
    files: {
      state: at('state.json'),
      progress: at('progress.jsonl'),
      failures: at('failures.jsonl'),
      damages: at('damages.jsonl'),
      cancel: cancelFileOf(home, runId),
      workerLog: at('worker.log'),
    },
    folders: {
      claims: at('claims'),
      stages: at('stages'),
      drafts: at('drafts'),
      checkpoints: at('checkpoints'),
      features: at('features'),
    },
  };
}
