import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import { openRun } from '../runs/run-folder.ts';
import type { StageContext } from '../stages/stage.ts';
import { workOnStage } from './work-on-stage.ts';

/* One attempt at a run's first stage, which writes more than a process with a limit of file size may. Usage: HOME RUN. */

const [folder, runId] = process.argv.slice(2) as [string, string];
const home = await openHome(folder);
const work = async ({ draft }: StageContext) => {
  await writeFile(join(draft, 'films'), Buffer.alloc(200_000));
  return { kind: 'done' as const, output: {} };
};
const deps = { home, config: readConfig({}), log: createLog('info'), isolation: [] };
const job = { ...pipeline[0]!, load: async () => work };
await workOnStage(deps, await openRun(home, runId), job, new AbortController().signal);
