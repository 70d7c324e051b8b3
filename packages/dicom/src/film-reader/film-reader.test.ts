import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canLimitReads } from '@synspine/confinement';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTextModels } from '../burned-in-text/models.ts';
import { filmElements, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { DATA_BYTES_MAX } from '../limits.ts';
import { readSquareFilm } from '../read-square-film.ts';
import { writeDicom } from '../write/write-dicom.ts';
import { createFilmReader, type FilmReader, type FilmReaderOptions, tryConfinement } from './film-reader.ts';

let dir: string;
let reader: FilmReader | undefined;
const bytes = writeDicom(filmElements({ pixelData: toBytes(testPixels(130, 140, 12), 16) }));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'film-reader-'));
  writeFileSync(join(dir, 'good.dcm'), bytes);
  execFileSync('/usr/bin/mkfifo', [join(dir, 'hangs.dcm')]); // nobody writes to it, so reading it never ends
});

afterEach(async () => {
  await reader?.close();
  rmSync(dir, { recursive: true });
});

const image = { size: 64, fit: 'squeeze' } as const;

function open(options: Partial<FilmReaderOptions> = {}): (name: string) => ReturnType<FilmReader['read']> {
  const opened = createFilmReader({ processes: 1, image, ...options });
  reader = opened;
  return (name) => opened.read(join(dir, name));
}

/** Children of this process that read films. */
function findChildren(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${process.pid}\n`);
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('film-reader-child');
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

async function waitForChild(): Promise<number> {
  for (;;) {
    const [pid] = findChildren();
    if (pid) return pid;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a film reader', () => {
  it('reads as readSquareFilm does, several at once', async () => {
    const read = open({ processes: 2 });
    const expected = await readSquareFilm(bytes, { image }, await loadTextModels());
    const films = await Promise.all(['good.dcm', 'good.dcm', 'good.dcm', 'good.dcm'].map(read));
    for (const film of films) expect(film).toEqual(expected);
  });

  it('gives its children no environment and keeps them warm', async () => {
    const read = open();
    await read('good.dcm');
    const [child] = findChildren();
    await read('good.dcm');
    expect(findChildren()).toEqual([child]);
    expect(readFileSync(`/proc/${child}/environ`, 'latin1')).not.toMatch(/PATH|HOME|KEY|TOKEN/);
  });

  it('confines its children: a filter of system calls, no core dump, no file to write', async () => {
    const { readsLimited, ...taken } = await tryConfinement();
    expect(taken).toEqual({ confined: true });
    expect(readsLimited).toBe(canLimitReads());
    await open()('good.dcm');
    const [child] = findChildren();
    const status = readFileSync(`/proc/${child}/status`, 'latin1');
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(status).toMatch(/^Seccomp:\s2$/m);
    const limits = readFileSync(`/proc/${child}/limits`, 'latin1');
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(limits).toMatch(/^Max file size +0 +0 /m);
  });

  it.skipIf(!canLimitReads())(
    'reads films where films lie, and not one elsewhere (needs Landlock 2)',
    async () => {
      mkdirSync(join(dir, 'films'));
      mkdirSync(join(dir, 'films-of-others'));
      for (const folder of ['films', 'films-of-others']) writeFileSync(join(dir, folder, 'good.dcm'), bytes);
      const read = open({ folders: [join(dir, 'films')] });
      expect((await read('films/good.dcm')).ok).toBe(true);
      expect(await read('films-of-others/good.dcm')).toMatchObject({ code: 'FILE_UNREADABLE' });
      await reader?.close();
      expect((await open()('films-of-others/good.dcm')).ok).toBe(true);
    },
  );

  it('refuses a file that is not there', async () => {
    expect(await open()('missing.dcm')).toEqual({ ok: false, code: 'FILE_UNREADABLE', stage: 'parse' });
  });

  it('refuses a file over the size limit without reading it', async () => {
    writeFileSync(join(dir, 'huge.dcm'), '');
    truncateSync(join(dir, 'huge.dcm'), DATA_BYTES_MAX + 1);
    expect(await open()('huge.dcm')).toEqual({ ok: false, code: 'TOO_LARGE', stage: 'parse' });
  });

  it('stops a child that hangs, and reads the next film in a fresh one', async () => {
    const read = open({ timeoutMs: 2_000 });
    await read('good.dcm');
    const [hung, next] = await Promise.all([read('hangs.dcm'), read('good.dcm')]);
    expect(hung).toEqual({ ok: false, code: 'PARSER_TIMEOUT', stage: 'decode' });
    expect(next.ok).toBe(true);
  });

  it('answers for a child that dies, and reads the next film in a fresh one', async () => {
    const read = open();
    await read('good.dcm');
    const dying = read('hangs.dcm');
    process.kill(await waitForChild(), 'SIGSEGV');
    expect(await dying).toEqual({ ok: false, code: 'PARSER_CRASHED', stage: 'decode' });
    expect((await read('good.dcm')).ok).toBe(true);
  });

  it('stops a child that takes too much memory', async () => {
    const read = open({ memoryMb: 12 }); // a bare node process is larger than four times this
    expect(await read('hangs.dcm')).toEqual({ ok: false, code: 'PARSER_OUT_OF_MEMORY', stage: 'decode' });
  });

  it('leaves no process behind when closed while a child starts', async () => {
    const starting = open()('good.dcm');
    const outcome = expect(starting).rejects.toMatchObject({ code: 'READER_CLOSED' });
    await reader?.close();
    await outcome;
    expect(findChildren()).toEqual([]);
  });

  it('leaves no process behind when closed, and rejects what still runs or waits', async () => {
    const read = open();
    await read('good.dcm');
    const running = read('hangs.dcm');
    const waiting = read('good.dcm');
    const outcomes = Promise.allSettled([running, waiting]);
    await reader?.close();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { code: 'READER_CLOSED' } });
    expect(findChildren()).toEqual([]);
    await expect(read('good.dcm')).rejects.toMatchObject({ code: 'READER_CLOSED' });
  });
});
