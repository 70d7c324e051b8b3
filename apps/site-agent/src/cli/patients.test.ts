import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { readSamePatient } from '../films/same-patient.ts';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];

async function patients(home: string, ...args: string[]) {
  const child = spawn(process.execPath, [BIN, 'patients', ...args, '--home', home]);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { exitCode, text };
}

it('a site lists the pairs that look like one patient, looks at two images, and settles them', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  expect(await patients(home.path, 'suspects')).toEqual({
    exitCode: 0,
    text: 'No two patients look like one.\n',
  });
  const films = ['1'.repeat(64), '2'.repeat(64)];
  const pair = { patients: [A, B], films, state: 'suspected', at: '2026-12-01T00:00:00.000Z' };
  const known = { schema: 'synspine.same-patient/1', searched: films, pairs: [pair] };
  await writeJson(home.files.samePatient, known);
  await writeJson(home.files.split, { [A]: 'train', [B]: 'hold-out' });

  const listed = await patients(home.path, 'suspects');
  expect(listed.text).toContain(`suspected: ${A} ${B} (train, hold-out; sealed on both sides`);
  for (const film of films) expect(listed.text).toContain(film);

  expect((await patients(home.path, 'different', B, A)).exitCode).toBe(0);
  expect(await readSamePatient(home)).toEqual({ ...known, pairs: [{ ...pair, state: 'different' }] });

  const unknown = await patients(home.path, 'same', A, C);
  expect(unknown.exitCode).toBe(64);
  expect(unknown.text).toMatch(/OPTION_INVALID.*patients suspects/);
}, 60_000);
