import { appendFile, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  appendLine,
  appendLines,
  createLineReader,
  publishFolder,
  readJson,
  readLines,
  removeDrafts,
  writeDurably,
  writeJson,
} from './durable-file.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

describe('writeDurably', () => {
  it('keeps the old file and leaves no draft when the guard refuses', async () => {
    const path = join(folder, 'state.json');
    await writeJson(path, { version: 1 });
    const refuse = async () => {
      throw new Error('outdated');
    };
    await expect(writeDurably(path, 'new', { guard: refuse })).rejects.toThrow('outdated');
    expect(await readJson(path)).toEqual({ version: 1 });
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  it('makes files that only their owner can read', async () => {
    await writeDurably(join(folder, 'key'), 'secret');
    const { mode } = await import('node:fs').then((fs) => fs.statSync(join(folder, 'key')));
    expect(mode & 0o777).toBe(0o600);
  });
});

describe('JSON lines', () => {
  it('leave out a line torn by a crash, and go on after it', async () => {
    const path = join(folder, 'metrics.jsonl');
    await appendLine(path, { step: 1 });
    await appendFile(path, '{"step":2,"lo'); // power loss in the middle of a line
    await appendLine(path, { step: 3 });
    expect(await readLines(path)).toEqual([{ step: 1 }, { step: 3 }]);
  });
});

/** Open descriptors of this process that lead to a file. */
async function countOpen(path: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = descriptors.map((name) => readlink(join('/proc/self/fd', name)).catch(() => ''));
  return (await Promise.all(targets)).filter((target) => target === path).length;
}

describe('single lines', () => {
  it('are read by their places, however many at once, from one open file', async () => {
    const path = join(folder, 'films.jsonl');
    const values = [{ film: 'a' }, { film: 'b'.repeat(10_000) }, { film: 'c' }];
    const starts = await appendLines(path, values);
    const lines = createLineReader(path);
    expect(await Promise.all(starts.map((at) => lines.read(at)))).toEqual(values);
    expect(await countOpen(path)).toBe(1);
    await lines.close();
    expect(await countOpen(path)).toBe(0);
  });

  it('of a missing file are an error, and there is nothing to close', async () => {
    const lines = createLineReader(join(folder, 'none.jsonl'));
    await expect(lines.read(0)).rejects.toMatchObject({ code: 'ENOENT' });
    await lines.close();
  });
});

describe('publishFolder', () => {
  it('lets the first writer win', async () => {
    for (const name of ['first', 'second']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'result.json'), name);
    }
    await publishFolder(join(folder, 'first'), join(folder, 'result'));
    await expect(publishFolder(join(folder, 'second'), join(folder, 'result'))).rejects.toMatchObject({
      code: 'ENOTEMPTY',
    });
    expect(await readFile(join(folder, 'result/result.json'), 'utf8')).toBe('first');
  });
});

it('removeDrafts removes what crashed writers left and nothing else', async () => {
  await writeFile(join(folder, 'state.json'), '{}');
  await writeFile(join(folder, 'state.json.tmp-1-ab'), '{');
  await removeDrafts(folder);
  expect(await readdir(folder)).toEqual(['state.json']);
});
