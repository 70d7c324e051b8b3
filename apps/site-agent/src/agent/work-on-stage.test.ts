import { ProblemError } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { pipeline } from '../pipeline.ts';
import { createRun } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { readState } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { workOnStage } from './work-on-stage.ts';

const temporaryFolder = useTemporaryFolders();

/** The state of a new run whose first stage the registry has answered so, as often as a stage is tried and once more. */
async function stateAfter(code: 'SITE_SUSPENDED' | 'SITE_REVOKED' | 'NOT_FOUND') {
  const home = await openHome(await temporaryFolder(), { create: true });
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  const load = async () => async () => {
    throw new ProblemError(code);
  };
  const job = { ...pipeline[0]!, load };
  const deps = { home, config: readConfig({}), log: createLog('silent', { write: () => {} }), isolation: [] };
  for (let i = 0; i <= job.attemptsMax; i++) await workOnStage(deps, run, job, new AbortController().signal);
  return readState(run);
}

it('pauses a run while the site is suspended, and counts no attempt', async () => {
  const state = await stateAfter('SITE_SUSPENDED');
  expect(state).toMatchObject({ status: 'running', failures: 0, code: 'SITE_SUSPENDED' });
  expect(Date.parse(state.notBefore!) - Date.now()).toBeLessThanOrEqual(60_000);
});

it('gives a run up whose site has no keys any more, as it does after the last attempt of anything else', async () => {
  expect(await stateAfter('SITE_REVOKED')).toMatchObject({ status: 'failed', code: 'SITE_REVOKED' });
  expect(await stateAfter('NOT_FOUND')).toMatchObject({ status: 'failed', code: 'NOT_FOUND' });
});
