import { writeFile } from 'node:fs/promises';
import { EXIT_CODES, RUN_REASONS } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { createRun, listRuns } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { changeState, outcomeOf, readState } from '../runs/run-state.ts';
import { nextStepOf } from '../site-error.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { findUnfinished } from './cancel.ts';

const temporaryFolder = useTemporaryFolders();

it('a cancelled run is not taken up again, and every word about it says so', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  await writeFile(run.files.cancel, '');
  expect(await findUnfinished(await listRuns(home))).toBeUndefined();
  const { code, status } = await readState(run);
  expect(EXIT_CODES[outcomeOf({ code, status })][0]).toBe(75);
  expect(RUN_REASONS[code as 'CANCELLED'][1]).toContain('starts anew');
  expect(nextStepOf(code!)).toContain('`synspine-site run` starts another');
});

it('a failed run is taken up again until another has followed it', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  const failed = await createRun(home, DEFAULT_RUN_OPTIONS);
  await changeState(failed, { status: 'failed', code: 'CHILD_ENDED' });
  expect((await findUnfinished(await listRuns(home)))?.runId).toBe(failed.runId);
  await new Promise((wake) => setTimeout(wake, 5)); // ids sort by the millisecond
  const next = await createRun(home, DEFAULT_RUN_OPTIONS);
  expect((await findUnfinished(await listRuns(home)))?.runId).toBe(next.runId);
  await changeState(next, { status: 'rejected', code: 'AUDIT_REJECTED' });
  expect(await findUnfinished(await listRuns(home))).toBeUndefined();
});
