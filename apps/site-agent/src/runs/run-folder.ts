import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
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

/** Makes a run. Its id begins with the time, so that ids sort by age, and says nothing else. */
export async function createRun(home: Home, options: RunOptions, notes: RunNotes = {}): Promise<RunFolder> {
  const runId = `run-${Date.now().toString(36)}-${randomBytes(3).toString('hex')}`;
  const createdAt = new Date().toISOString();
  const run = describeRun(home, runId, { ...notes, options: runOptions.parse(options), createdAt });
  for (const folder of Object.values(run.folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeJson(join(run.path, 'run.json'), {
    schema: 'synspine.run/1',
    createdAt,
    options,
    ...notes,
  } satisfies RunFile);
  return run;
}

/** Opens a run. Throws RUN_UNKNOWN. */
export async function openRun(home: Home, runId: string): Promise<RunFolder> {
  if (!/^run-[0-9a-z-]{8,40}$/.test(runId)) throw new SiteError('RUN_UNKNOWN');
  const file = await readJson<RunFile>(join(home.folders.runs, runId, 'run.json'));
  if (!file) throw new SiteError('RUN_UNKNOWN');
  return describeRun(home, runId, { ...file, options: runOptions.parse(file.options) });
}

/** All runs, newest first. A folder without run.json was being made when the agent died, and isn't one. */
export async function listRuns(home: Home): Promise<RunFolder[]> {
  const names = (await readdir(home.folders.runs)).sort().reverse();
  const opened = names.map((name) =>
    openRun(home, name).catch((error: unknown) => {
      if (error instanceof SiteError && error.code === 'RUN_UNKNOWN') return undefined;
      throw error;
    }),
  );
  return (await Promise.all(opened)).filter((run) => run !== undefined);
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
      cancel: at('cancel'),
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
