import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePhantomSite } from '@synspine/dicom';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IngestVerdict } from '../films/ingest-folder.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));

/** What may identify a patient: the token in the phantoms' tags and in a file's name. */
const CANARY = 'ZZCANARY';

let phantoms: string;
beforeAll(async () => {
  phantoms = await temporaryFolder();
  await writePhantomSite(phantoms, { site: 'ash', patients: 4, seed: 'verdicts', size: 256 });
  await writeFile(join(phantoms, 'dicom', `${CANARY}^NAME.dcm`), `not a film of ${CANARY}`);
});

type Ended = { code: number | null; text: string };

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk) => (text += chunk));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, text })) };
}
const site = (...args: string[]) => start(...args).ended;
const readVerdicts = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as IngestVerdict[];

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('synspine-site ingest --json', () => {
  it('tells the verdict on every file, and nothing of a patient anywhere else', async () => {
    const home = join(await temporaryFolder(), 'home');
    const json = join(await temporaryFolder(), 'verdicts.json');
    const { code, text } = await site('ingest', phantoms, '--home', home, '--json', json);
    expect(code).toBe(0);
    const verdicts = await readVerdicts(json);
    const names = (await readdir(join(phantoms, 'dicom'))).map((name) => `dicom/${name}`);
    expect(verdicts.map(({ file }) => file)).toEqual(names.sort());
    for (const verdict of verdicts.filter(({ code }) => code === null))
      expect(verdict).toEqual({
        ...{
          file: expect.any(String),
          verdict: 'ingested',
          code: null,
          rows: 256,
          columns: expect.any(Number),
        },
        sopInstanceUid: expect.stringMatching(/^[\d.]+$/),
        pixelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    expect(verdicts.find(({ code }) => code === 'TOO_SMALL')).toMatchObject({
      sopInstanceUid: expect.any(String),
      pixelSha256: expect.any(String),
    });
    const list = await site('quarantine', 'list', '--home', home);
    expect(text + list.text).not.toContain(CANARY);
    const paths = (await filesOf(home)).filter((path) => !path.endsWith('quarantine.jsonl')); // the paths stay there
    const leaks = [];
    for (const path of paths) if ((await readFile(path, 'latin1')).includes(CANARY)) leaks.push(path);
    expect(leaks).toEqual([]);
    const quarantine = (await readFile(join(home, 'quarantine.jsonl'), 'utf8')).split(CANARY).length - 1;
    expect(quarantine).toBe(1); // the name of the file, and nothing of what is in the films
  }, 300_000);

  it('fails before anything is read where the file can not be written', async () => {
    const home = join(await temporaryFolder(), 'home');
    const { code, text } = await site('ingest', phantoms, '--home', home, '--json', '/proc/none/v.json');
    expect([code, existsSync(join(home, 'films.jsonl'))]).toEqual([1, false]);
    expect(text).not.toContain('/proc/none');
  }, 300_000);

  it('ends clean at Ctrl-C, with the verdicts so far, and goes on when started again', async () => {
    const folder = await temporaryFolder();
    await cp(phantoms, folder, { recursive: true });
    for (
      let i = 0;
      i < 600;
      i++ // more than wait for a look to be learnt
    )
      await cp(join(folder, 'labels.csv'), join(folder, 'dicom', `x${i}.txt`));
    const home = join(await temporaryFolder(), 'home');
    const json = join(await temporaryFolder(), 'verdicts.json');
    const { child, ended } = start('ingest', folder, '--home', home, '--json', json);
    while (!existsSync(join(home, 'films')) || (await readdir(join(home, 'films'))).length === 0)
      await new Promise((wake) => setTimeout(wake, 20));
    child.kill('SIGINT');
    const { code, text } = await ended;
    expect(code).toBe(75);
    expect(text).toMatch(/The same command goes on/);
    const before = await readVerdicts(json);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan((await readdir(join(folder, 'dicom'))).length);
    expect((await site('ingest', folder, '--home', home, '--json', json)).code).toBe(0);
    const after = await readVerdicts(json);
    expect(after).toHaveLength((await readdir(join(folder, 'dicom'))).length);
    expect(after.slice(0, before.length)).toEqual(before);
  }, 300_000);
});

describe('synspine-site quarantine retry', () => {
  it('takes what has a label now, by code, and tells what to name', async () => {
    const folder = await temporaryFolder();
    await cp(phantoms, folder, { recursive: true });
    await rename(join(folder, 'labels.csv'), join(folder, '..', 'labels-later.csv'));
    await writeFile(join(folder, 'labels.csv'), 'sop_instance_uid,label\n');
    const home = join(await temporaryFolder(), 'home');
    expect((await site('ingest', folder, '--home', home)).text).toMatch(/^0 films ingested/);
    await rename(join(folder, '..', 'labels-later.csv'), join(folder, 'labels.csv'));
    const nothing = await site('quarantine', 'retry', '--home', home);
    expect(nothing).toMatchObject({ code: 64, text: expect.stringMatching(/OPTION_INVALID.*--all/) });
    const labelled = await site('quarantine', 'retry', '--home', home, '--code', 'NO_LABEL');
    expect(labelled.text).toMatch(/^\d+ films ingested, 0 refused$/m);
    const rest = await site('quarantine', 'list', '--home', home);
    const codes = rest.text
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/)[1]);
    expect(codes.sort()).toEqual(['NOT_DICOM', 'NO_PIXEL_DATA', 'TOO_SMALL', 'TRUNCATED']);
    const all = await site('quarantine', 'retry', '--home', home, '--all');
    expect(all.text).toMatch(/^0 films ingested, 4 refused$/m);
    expect(labelled.text + rest.text + all.text).not.toContain(CANARY);
  }, 300_000);
});
