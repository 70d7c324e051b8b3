import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { confinementPath } from '@synspine/confinement';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filmElements, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { writeDicom } from '../write/write-dicom.ts';
import type { Told } from './fixtures/read-a-film.ts';

const run = promisify(execFile);
const pathOf = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const TSX = ['--import', import.meta.resolve('tsx')];

describe('on a kernel without Landlock', () => {
  let folder: string;
  let command: string; // runs another one as on such a kernel
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'without-landlock-'));
    command = join(folder, 'without-landlock');
    writeFileSync(join(folder, 'existing'), 'kept');
    writeFileSync(
      join(folder, 'film.dcm'),
      writeDicom(filmElements({ pixelData: toBytes(testPixels(130, 140, 12), 16) })),
    );
    await run('g++', [pathOf('without-landlock.cc'), '-o', command]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('films are read, by readers that give up all but reading, and nobody is told otherwise', async () => {
    const { stdout } = await run(command, [
      ...[process.execPath, ...TSX, pathOf('read-a-film.ts')],
      ...[folder, join(folder, 'film.dcm')],
    ]);
    expect(JSON.parse(stdout)).toEqual({
      ...{ canLimit: false, limited: false, isRead: true },
      taken: { confined: true, readsLimited: false },
    } satisfies Told);
  });

  it('a confined process can read other files, and still has no other process and no file to write', async () => {
    const key = join(tmpdir(), `other-key-${process.pid}`);
    writeFileSync(key, 'secret');
    const child = fork(
      fileURLToPath(new URL('../../../confinement/src/fixtures/confined-child.ts', import.meta.url)),
      [confinementPath(), folder, '1', key],
      {
        ...{ execPath: command, execArgv: [process.execPath, ...TSX] },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const ended = once(child, 'exit').then(() => [{ confined: 'the child ended' }]);
    const [attempts] = (await Promise.race([once(child, 'message'), ended])) as [Record<string, string>];
    rmSync(key);
    expect(attempts).toMatchObject({
      ...{ confined: 'true', readsLimited: 'false' },
      ...{ 'read a key': 'done', 'read a key in another thread': 'done', read: 'done', image: 'done' },
      ...{
        connect: 'EACCES',
        listen: 'EACCES',
        exec: 'EPERM',
        spawn: 'EPERM',
        create: 'EACCES',
        remove: 'EACCES',
      },
    });
  });
});
