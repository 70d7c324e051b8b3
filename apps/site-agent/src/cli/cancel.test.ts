import { expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { createRun, listRuns } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { changeState } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { findUnfinished } from './cancel.ts';

const temporaryFolder = useTemporaryFolders();

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
