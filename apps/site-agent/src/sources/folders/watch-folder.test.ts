import { appendFile, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { openTaken } from '../taken.ts';
import { watchFolder } from './watch-folder.ts';

const temporaryFolder = useTemporaryFolders();
const TIMES = { quietSeconds: 0.3, rescanSeconds: 0.1 };

let stop: AbortController;
let watching: Promise<void>;
afterEach(async () => {
  stop.abort();
  await watching;
});

function film(text: string, bytes = 5_000): Buffer {
  const file = Buffer.alloc(bytes, text);
  file.write('DICM', 128);
  return file;
}

async function start(path: string, takenPath: string, filesMax = 100) {
  const limits = { bytesMax: 1e9, filesMax, filmBytesMax: 1e6, freeBytesMin: 0 };
  const spool = await openSpool(await temporaryFolder(), limits);
  const refused: string[] = [];
  stop = new AbortController();
  watching = watchFolder(
    { path, ...TIMES },
    {
      ...{ spool, taken: await openTaken(takenPath), signal: stop.signal, log: createLog('silent') },
      onRefused: async (file, code) => void refused.push(`${file} ${code}`),
    },
  );
  return { spool, refused };
}

async function until(spool: Spool, count: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; spool.waiting(99).length < count; await sleep(20))
    expect(Date.now()).toBeLessThan(deadline);
}

describe('watchFolder', () => {
  it('takes a file when it has stopped growing, and not before', async () => {
    const folder = await temporaryFolder();
    const { spool } = await start(folder, join(await temporaryFolder(), 'taken'));
    const path = join(folder, 'slow.dcm');
    await writeFile(path, film('a', 1_000));
    for (let i = 0; i < 8; i++) {
      await sleep(120);
      await appendFile(path, Buffer.alloc(1_000, 'b'));
      expect(spool.waiting(9)).toEqual([]);
    }
    await until(spool, 1);
    await sleep(500);
    expect(spool.waiting(9)).toHaveLength(1);
  });

  it('finds files in new subfolders, and leaves links, hidden and unfinished files alone', async () => {
    const [elsewhere, folder] = [await temporaryFolder(), await temporaryFolder()];
    const { spool, refused } = await start(folder, join(await temporaryFolder(), 'taken'));
    await writeFile(join(elsewhere, 'other.dcm'), film('other'));
    await symlink(join(elsewhere, 'other.dcm'), join(folder, 'link.dcm'));
    await symlink(elsewhere, join(folder, 'linked'));
    await writeFile(join(folder, '.hidden'), film('hidden'));
    await writeFile(join(folder, 'x.dcm.part'), film('x'));
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await writeFile(join(folder, 'a/b/deep'), film('deep'));
    await writeFile(join(folder, 'notes.txt'), 'no film');
    await until(spool, 1);
    await rename(join(folder, 'x.dcm.part'), join(folder, 'x.dcm'));
    await until(spool, 2);
    await sleep(500);
    expect(spool.waiting(9)).toHaveLength(2);
    expect(refused).toEqual(['notes.txt NOT_DICOM']);
    for (const link of ['linked', 'link.dcm']) await rm(join(folder, link)); // what they lead to has its own owner
  });

  it('takes nothing twice, restarted or not, but a file that was replaced again', async () => {
    const folder = await temporaryFolder();
    const taken = join(await temporaryFolder(), 'taken');
    const first = await start(folder, taken);
    const path = join(folder, 'film.dcm');
    await writeFile(path, film('a'));
    await until(first.spool, 1);
    await sleep(200);
    stop.abort();
    await watching;
    const second = await start(folder, taken);
    await sleep(800);
    expect(second.spool.waiting(9)).toEqual([]);
    await writeFile(path, film('b'));
    await utimes(path, 2e9, 2e9); // a file server whose clock is years ahead
    await until(second.spool, 1);
  });

  it('waits while there is no room, and while the folder is away', async () => {
    const [folder, taken] = [await temporaryFolder(), join(await temporaryFolder(), 'taken')];
    const share = join(folder, 'share');
    const { spool } = await start(share, taken, 1);
    await sleep(200);
    await mkdir(share);
    for (const text of ['a', 'b', 'c']) await writeFile(join(share, text), film(text));
    await until(spool, 1);
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await until(spool, 1);
      const [name] = spool.waiting(1);
      seen.add(name!);
      await spool.remove(name!);
    }
    expect(seen.size).toBe(3);
    await rm(share, { recursive: true });
  });

  it('takes the other files of a folder in which one can not be read', async () => {
    const kernel = '/sys/devices/virtual/net/lo'; // Linux refuses to read some of its files once they are open
    await expect(readFile(join(kernel, 'speed'))).rejects.toMatchObject({ code: 'EINVAL' });
    const { refused } = await start(kernel, join(await temporaryFolder(), 'taken'));
    const readable = ['mtu', 'type', 'tx_queue_len', 'statistics/rx_bytes', 'power/control'];
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50))
      if (readable.every((name) => refused.includes(`${name} NOT_DICOM`))) break;
    expect(refused).toEqual(expect.arrayContaining(readable.map((name) => `${name} NOT_DICOM`)));
    expect(refused.filter((line) => line.startsWith('speed'))).toEqual([]);
  });
});
