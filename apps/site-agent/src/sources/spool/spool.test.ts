import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openHome } from '../../home.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { claimSpool } from './claim-spool.ts';
import { openSpool, type Spool, type SpoolLimits } from './spool.ts';

const temporaryFolder = useTemporaryFolders();
const LIMITS: SpoolLimits = { bytesMax: 4_000, filesMax: 3, filmBytesMax: 1_000, freeBytesMin: 0 };

function film(text: string, bytes = 500): Buffer {
  const file = Buffer.alloc(bytes);
  file.write('DICM', 128);
  file.write(text, 140);
  return file;
}

async function receive(spool: Spool, bytes: Buffer, waitMs = 0) {
  const intake = await spool.begin({ waitMs });
  for (let at = 0; at < bytes.length; at += 100) await intake.write(bytes.subarray(at, at + 100));
  return intake.commit();
}

describe('openSpool', () => {
  it('keeps what was received byte for byte, under a name that equal bytes share', async () => {
    const folder = await temporaryFolder();
    const spool = await openSpool(folder, LIMITS);
    const first = await receive(spool, film('a'));
    expect(await receive(spool, film('a'))).toEqual(first);
    expect(spool.waiting(9)).toHaveLength(1);
    expect(await readFile(join(spool.ready, spool.waiting(1)[0]!))).toEqual(film('a'));
  });

  it('refuses what is no DICOM file and what is larger than a film', async () => {
    const spool = await openSpool(await temporaryFolder(), LIMITS);
    expect(await receive(spool, Buffer.alloc(500))).toEqual({ kind: 'refused', code: 'NOT_DICOM' });
    expect(await receive(spool, film('a', 1_001))).toEqual({ kind: 'refused', code: 'TOO_LARGE' });
    expect((await receive(spool, film('a', 1_000))).kind).toBe('stored');
    expect(spool.waiting(9)).toHaveLength(1);
  });

  it('lets nobody in beyond its files or bytes, and lets a waiting sender in when room comes free', async () => {
    const spool = await openSpool(await temporaryFolder(), LIMITS);
    for (const text of ['a', 'b', 'c']) expect((await receive(spool, film(text))).kind).toBe('stored');
    expect(await receive(spool, film('d'))).toEqual({ kind: 'refused', code: 'NO_ROOM' });
    const waiting = receive(spool, film('d'), 10_000);
    await sleep(150);
    await spool.remove(spool.waiting(1)[0]!);
    expect((await waiting).kind).toBe('stored');
    const byBytes = await openSpool(await temporaryFolder(), { ...LIMITS, bytesMax: 1_499, filesMax: 9 });
    expect((await receive(byBytes, film('a'))).kind).toBe('stored'); // 1,000 set aside, 500 kept
    expect(await receive(byBytes, film('b'))).toEqual({ kind: 'refused', code: 'NO_ROOM' });
  });

  it('gives room back that a film was promised and could not be opened for', async () => {
    const folder = await temporaryFolder();
    const spool = await openSpool(folder, { ...LIMITS, bytesMax: 1_000, filesMax: 1 });
    await rename(join(folder, 'incoming'), join(folder, 'away'));
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(spool.begin({ waitMs: 0 })).rejects.toMatchObject({ code: 'ENOENT' });
    await rename(join(folder, 'away'), join(folder, 'incoming'));
    expect((await receive(spool, film('a'))).kind).toBe('stored');
  });

  it('leaves the asked share of the disk free', async () => {
    const spool = await openSpool(await temporaryFolder(), { ...LIMITS, freeBytesMin: 1e18 });
    expect(await receive(spool, film('a'))).toEqual({ kind: 'refused', code: 'NO_ROOM' });
  });

  it('gives the room of films that were given up back', async () => {
    const folder = await temporaryFolder();
    const spool = await openSpool(folder, LIMITS);
    for (let i = 0; i < 10; i++) {
      const intake = await spool.begin({ waitMs: 0 });
      await intake.write(film('x'));
      await intake.discard();
    }
    expect((await receive(spool, film('a'))).kind).toBe('stored');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('moves a refused film to another folder', async () => {
    const [folder, kept] = [await temporaryFolder(), await temporaryFolder()];
    const spool = await openSpool(folder, LIMITS);
    await receive(spool, film('a'));
    const [name] = spool.waiting(1);
    await spool.moveTo(name!, kept);
    expect(spool.waiting(1)).toEqual([]);
    expect(await readFile(join(kept, name!))).toEqual(film('a'));
  });
});

describe('claimSpool', () => {
  it('lets one process at a time use the spool of a home', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const release = await claimSpool(home);
    await expect(claimSpool(home)).rejects.toMatchObject({ code: 'SPOOL_IN_USE' });
    release();
    await sleep(20);
    (await claimSpool(home))();
  });
});

describe('a spool whose process is killed', () => {
  let child: ReturnType<typeof spawn>;
  afterEach(() => child?.kill('SIGKILL'));

  it('has every film that was acknowledged, whole, and nothing else, wherever the kill fell', async () => {
    for (const afterMs of [5, 20, 60, 150]) {
      const folder = await temporaryFolder();
      child = spawn(process.execPath, [
        '--import',
        'tsx',
        fileURLToPath(new URL('./spool.fixture.ts', import.meta.url)),
        folder,
      ]);
      let told = '';
      child.stdout!.on('data', (data) => {
        told += data;
      });
      await once(child.stdout!, 'data');
      await sleep(afterMs);
      child.kill('SIGKILL');
      await once(child, 'close');
      const acknowledged = told.split('\n').slice(0, -1);
      const names = (await openSpool(folder, { ...LIMITS, filesMax: 1e6 })).waiting(1e6);
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(names).toEqual(expect.arrayContaining(acknowledged));
      for (const name of names) {
        const sum = execFileSync('sha256sum', [join(folder, 'ready', name)], { encoding: 'utf8' });
        expect(`${sum.slice(0, 64)}.dcm`).toBe(name);
      }
      expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    }
  });
});
