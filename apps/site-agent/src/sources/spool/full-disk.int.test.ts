import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openSpool, type Spool } from './spool.ts';

const temporaryFolder = useTemporaryFolders();

async function receive(spool: Spool, bytes: Buffer, waitMs = 0) {
  const intake = await spool.begin({ waitMs });
  await intake.write(bytes);
  return intake.commit();
}

const FILM = Buffer.alloc(20_000);
FILM.write('DICM', 128);

/** Works on a file system in memory of its own; mounting one needs root. */
async function withDisk(options: string, work: (disk: string) => Promise<void>): Promise<void> {
  const disk = await temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
  try {
    await work(disk);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
}

describe('a full disk', () => {
  it('refuses films, and takes them again when there is room', () =>
    withDisk('size=64k', async (disk) => {
      const limits = { bytesMax: 1e9, filmBytesMax: 30_000, filesMax: 100, freeBytesMin: 0 };
      const spool = await openSpool(join(disk, 'spool'), limits);
      const intake = await spool.begin({ waitMs: 0 });
      await writeFile(join(disk, 'other'), Buffer.alloc(60_000)).catch(() => undefined); // fills the rest
      await intake.write(FILM);
      expect(await intake.commit()).toEqual({ kind: 'refused', code: 'NO_ROOM' });
      expect(await receive(spool, FILM)).toEqual({ kind: 'refused', code: 'NO_ROOM' });
      const waiting = receive(spool, FILM, 10_000);
      await rm(join(disk, 'other'));
      expect((await waiting).kind).toBe('stored');
    }));

  it('that can only be read refuses films, too, and takes them once it can be written', () =>
    withDisk('size=1m', async (disk) => {
      const limits = { bytesMax: 1e9, filmBytesMax: 30_000, filesMax: 100, freeBytesMin: 0 };
      const spool = await openSpool(join(disk, 'spool'), limits);
      execFileSync('mount', ['-o', 'remount,ro', 'tmpfs', disk]);
      expect(await receive(spool, FILM)).toEqual({ kind: 'refused', code: 'NO_ROOM' });
      execFileSync('mount', ['-o', 'remount,rw', 'tmpfs', disk]);
      expect((await receive(spool, FILM)).kind).toBe('stored');
    }));

  it('is full, too, when it has no more names', () =>
    withDisk('size=1m,nr_inodes=6', async (disk) => {
      const limits = { bytesMax: 30_000, filmBytesMax: 30_000, filesMax: 1, freeBytesMin: 0 };
      const spool = await openSpool(join(disk, 'spool'), limits);
      for (const name of ['a', 'b', 'c', 'd']) await writeFile(join(disk, name), '').catch(() => undefined);
      expect(await receive(spool, FILM)).toEqual({ kind: 'refused', code: 'NO_ROOM' });
      await rm(join(disk, 'a'));
      expect((await receive(spool, FILM)).kind).toBe('stored');
    }));
});
