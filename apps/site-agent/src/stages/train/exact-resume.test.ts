import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const TRAINING = fileURLToPath(new URL('exact-resume.fixture.ts', import.meta.url));

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function train(folder: string, ...more: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', TRAINING, folder, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  return {
    child,
    lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](),
    ended: once(child, 'exit'),
  };
}

async function trainToTheEnd(folder: string): Promise<Buffer> {
  const { ended } = train(folder);
  expect(await ended).toEqual([0, null]);
  return readFile(join(folder, 'final'));
}

/** Kills a training `delayMs` after it said `line`, or something that begins with it. */
async function trainAndKill(folder: string, line: string, delayMs: number, ...more: string[]): Promise<void> {
  const { child, lines, ended } = train(folder, ...more);
  for (;;) {
    const { value, done } = await lines.next();
    expect(done, 'the training ended before it was killed').toBeFalsy();
    if (value.startsWith(line)) break;
  }
  await sleep(delayMs);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(existsSync(join(folder, 'final'))).toBe(false);
}

const drafts = async (folder: string) => (await readdir(folder)).filter((name) => name.includes('.tmp-'));

describe('a training killed with SIGKILL', () => {
  it('ends with the same bytes as one that never was, wherever it is cut', async () => {
    const whole = await trainToTheEnd(await temporaryFolder());

    const cut = await temporaryFolder();
    await trainAndKill(cut, 'saved 120', Math.random() * 100); // somewhere in the steps that follow
    await trainAndKill(cut, 'writing 480', 0, 'hang-in-save');
    expect(await drafts(cut)).toHaveLength(1);
    await trainAndKill(cut, 'saved 600', Math.random() * 100);
    expect((await trainToTheEnd(cut)).equals(whole)).toBe(true);
    expect(await drafts(cut)).toEqual([]);
  }, 180_000);
});
