import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { createFileStore } from './file-store.ts';
import { describeObjectStore } from './object-store.contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'synspine-files-'));
afterAll(() => rmSync(dir, { recursive: true }));

const film = Buffer.from('a film');
const sha256 = createHash('sha256').update(film).digest('hex');

describeObjectStore('files', () => createFileStore(join(dir, 'contract')));

test('refused writes leave no temporary file', async () => {
  const store = await createFileStore(join(dir, 'refused'));
  await store.put('taken', film, { sha256 });
  await expect(store.put('taken', film, { sha256 })).rejects.toThrow();
  await expect(store.put('wrong', film, { sha256: '0'.repeat(64) })).rejects.toThrow();
  expect(readdirSync(join(dir, 'refused/tmp'))).toEqual([]);
});

test('opening a store removes what a crash left in tmp a day ago, and nothing younger', async () => {
  const root = join(dir, 'crashed');
  await createFileStore(root);
  for (const [name, ageS] of [
    ['old', 86_460],
    ['young', 86_340],
  ] as const) {
    writeFileSync(join(root, 'tmp', name), film);
    const time = Date.now() / 1_000 - ageS;
    utimesSync(join(root, 'tmp', name), time, time);
  }
  await createFileStore(root);
  expect(readdirSync(join(root, 'tmp'))).toEqual(['young']);
});

test('an upload that is joined while its parts still arrive leaves nothing behind', async () => {
  const root = join(dir, 'late');
  const store = await createFileStore(root);
  for (let i = 0; i < 20; i++) {
    const id = await store.createUpload(`films/${i}`);
    await store.putPart(id, 1, film, sha256);
    const joining = store.complete(id, sha256, film.length);
    const late: Promise<unknown>[] = [];
    for (let k = 0; k < 12; k++) {
      late.push(store.putPart(id, 1, film, sha256).catch(() => undefined)); // gone, once the parts are joined
      await sleep(1);
    }
    await Promise.all([joining, ...late]);
  }
  expect([readdirSync(join(root, 'tmp')), readdirSync(join(root, 'uploads'))]).toEqual([[], []]);
});

test('a key that runs through an object, or names a folder of objects, is refused', async () => {
  const store = await createFileStore(join(dir, 'nested'));
  await store.put('a/b', film, { sha256 });
  await expect(store.put('a/b/c', film, { sha256 })).rejects.toMatchObject({ code: 'KEY_INVALID' });
  await expect(store.put('a', film, { sha256 })).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  expect(await store.head('a')).toBeUndefined();
});

test('a full disk is STORAGE_FULL, leaves nothing behind, and smaller objects still fit', async () => {
  const root = join(dir, 'full');
  const script = fileURLToPath(new URL('./file-store.test-full.ts', import.meta.url));
  // Files are limited to 2,048 blocks of 512 bytes, which is how a full disk looks to whoever writes a large one.
  const limited = `trap '' XFSZ; ulimit -f 2048; exec "$0" --import tsx "$@"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script, root]);
  expect(JSON.parse(stdout)).toEqual({ large: 'STORAGE_FULL', part: 'STORAGE_FULL', small: 'stored' });
  expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  expect(readdirSync(join(root, 'objects'))).toEqual(['small']);
});
