import { beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { claimRun, currentEpoch } from './claim.ts';
import { createRun, type RunFolder } from './run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from './run-options.ts';
import { readState } from './run-state.ts';

const temporaryFolder = useTemporaryFolders();

let run: RunFolder;
beforeEach(async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  run = await createRun(home, DEFAULT_RUN_OPTIONS);
});

describe('claimRun', () => {
  it('gives each claim a higher epoch, and only the last may publish', async () => {
    const [first, second] = [await claimRun(run), await claimRun(run)];
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await expect(first.guard()).rejects.toMatchObject({ code: 'CLAIM_OUTDATED' });
    await expect(second.guard()).resolves.toBeUndefined();
  });

  it('gives no two of many claims at once the same epoch', async () => {
    const claims = await Promise.all(Array.from({ length: 25 }, () => claimRun(run)));
    expect(new Set(claims.map(({ epoch }) => epoch)).size).toBe(25);
    expect(await currentEpoch(run)).toBe(25);
    const verdicts = await Promise.allSettled(claims.map(({ guard }) => guard()));
    expect(verdicts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('keeps a woken zombie from replacing a file of its successor', async () => {
    const zombie = await claimRun(run);
    const successor = await claimRun(run);
    await writeJson(run.files.state, { ...(await readState(run)), ticket: 7 }, { guard: successor.guard });
    await expect(writeJson(run.files.state, { ticket: 1 }, { guard: zombie.guard })).rejects.toMatchObject({
      code: 'CLAIM_OUTDATED',
    });
    expect((await readState(run)).ticket).toBe(7);
  });
});
