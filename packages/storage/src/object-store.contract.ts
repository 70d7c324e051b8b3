import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ObjectStore, PART_BYTES, PART_BYTES_MIN } from './object-store.ts';

const NO_SHA = '0'.repeat(64);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}

/** The rules that every driver keeps. `open` gives an empty store and, called again, the same one after a restart. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStore>): void {
  describe(`object store on ${name}`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'synspine-store-'));
    const film = randomBytes(100_000);
    let store: ObjectStore;
    let count = 0;
    const freshKey = () => `films/${++count}/image.png`;
    const put = (key: string, bytes: Uint8Array) => store.put(key, bytes, { sha256: sha256(bytes) });

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => {
      store.close();
      rmSync(dir, { recursive: true });
    });

    test('what is put comes back byte for byte, with size and etag', async () => {
      const key = freshKey();
      const info = await put(key, film);
      expect(info).toEqual({ key, size: film.length, etag: expect.stringMatching(/^".+"$/) });
      const { stream, ...content } = await store.get(key);
      expect((await read(stream)).equals(film)).toBe(true);
      expect(content).toEqual({ ...info, length: film.length });
      expect(await store.head(key)).toEqual(info);
    });

    test('an empty object is an object', async () => {
      const key = freshKey();
      await put(key, new Uint8Array());
      const { stream, length } = await store.get(key);
      expect([length, (await read(stream)).length]).toEqual([0, 0]);
    });

    test.each([0, 1, PART_BYTES, PART_BYTES + 1])(
      'a file of %i bytes is stored from its path',
      async (size) => {
        const bytes = randomBytes(size);
        const path = join(dir, `${size}`);
        writeFileSync(path, bytes);
        const key = freshKey();
        await store.put(key, path, { sha256: sha256(bytes) });
        expect(sha256(await read((await store.get(key)).stream))).toBe(sha256(bytes));
      },
    );

    test('bytes or a file that are not those of the digest are refused, and nothing is stored', async () => {
      const key = freshKey();
      const path = join(dir, 'large');
      writeFileSync(path, randomBytes(PART_BYTES + 1));
      for (const body of [film, path]) {
        const putting = store.put(key, body, { sha256: NO_SHA });
        await expect(putting).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      }
      expect(await store.head(key)).toBeUndefined();
    });

    test('an object is never overwritten, not even by ten writers at once', async () => {
      const key = freshKey();
      const bodies = Array.from({ length: 10 }, () => randomBytes(1_000));
      const results = await Promise.allSettled(bodies.map((body) => put(key, body)));
      const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      expect(won).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'KEY_EXISTS' });
      }
      expect((await read((await store.get(key)).stream)).equals(bodies[won[0]!]!)).toBe(true);
    });

    test('ranges include both ends and stop at the end of the object', async () => {
      const key = freshKey();
      await put(key, film);
      const slice = async (start: number, end?: number) => {
        const { stream, size, length } = await store.get(key, { start, end });
        const bytes = await read(stream);
        expect([size, length]).toEqual([film.length, bytes.length]);
        return bytes;
      };
      const last = film.length - 1;
      expect(await slice(0, 0)).toEqual(film.subarray(0, 1));
      expect(await slice(10, 19)).toEqual(film.subarray(10, 20));
      expect(await slice(last)).toEqual(film.subarray(last));
      expect(await slice(last, last + 100)).toEqual(film.subarray(last));
      for (const range of [{ start: film.length }, { start: -1 }, { start: 5, end: 4 }, { start: 0.5 }]) {
        await expect(store.get(key, range)).rejects.toMatchObject({ code: 'RANGE_INVALID' });
      }
    });

    test('a missing object is undefined to head, an error to get, and nothing to delete', async () => {
      const key = freshKey();
      expect(await store.head(key)).toBeUndefined();
      await expect(store.get(key)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await store.delete(key);
    });

    test('a deleted key is free again', async () => {
      const key = freshKey();
      await put(key, film);
      await store.delete(key);
      expect(await store.head(key)).toBeUndefined();
      await put(key, randomBytes(10));
    });

    test('list gives every key that starts with the prefix, once', async () => {
      const names = ['b', 'a/b', 'a.b', 'a-b', 'a/a/c', 'Z', '1'];
      for (const key of names) await put(`listed/${key}`, Buffer.from(key));
      await put('listed2/x', film);
      expect(await keys(store, 'listed/')).toEqual(names.map((key) => `listed/${key}`).sort());
      expect(await keys(store, 'listed/a/')).toEqual(['listed/a/a/c', 'listed/a/b']);
      expect(await keys(store, 'listed/a')).toEqual([
        'listed/a-b',
        'listed/a.b',
        'listed/a/a/c',
        'listed/a/b',
      ]);
      expect(await keys(store, 'nothing/')).toEqual([]);
    });

    const badKeys = [
      '',
      '/a',
      'a/',
      'a//b',
      '..',
      'a/../b',
      './a',
      '.hidden',
      'a\\b',
      'a b',
      'a\0',
      'ä',
      'x'.repeat(513),
    ];
    test.each(badKeys)('the key %j is refused by every method', async (key) => {
      const isInvalid = { code: 'KEY_INVALID' };
      await expect(put(key, film)).rejects.toMatchObject(isInvalid);
      await expect(store.createUpload(key)).rejects.toMatchObject(isInvalid);
      await expect(store.get(key)).rejects.toMatchObject(isInvalid);
      await expect(store.head(key)).rejects.toMatchObject(isInvalid);
      await expect(store.delete(key)).rejects.toMatchObject(isInvalid);
    });

    describe('an upload in parts', () => {
      const parts = [randomBytes(PART_BYTES), randomBytes(PART_BYTES), randomBytes(1_234)];
      const whole = Buffer.concat(parts);
      const putPart = (id: string, number: number, bytes: Uint8Array) =>
        store.putPart(id, number, bytes, sha256(bytes));
      const putAll = async (id: string) => {
        for (const [index, part] of parts.entries()) await putPart(id, index + 1, part);
      };

      test('becomes an object that was invisible before, and goes on after a restart', async () => {
        const key = freshKey();
        const id = await store.createUpload(key);
        await putPart(id, 2, parts[1]!);
        await putPart(id, 1, parts[0]!);
        const later = await open();
        expect(await later.listParts(id)).toEqual([
          { partNumber: 1, size: PART_BYTES },
          { partNumber: 2, size: PART_BYTES },
        ]);
        await later.putPart(id, 3, parts[2]!, sha256(parts[2]!));
        expect(await later.head(key)).toBeUndefined();
        expect(await keys(later, key)).toEqual([]);
        const info = await later.complete(id, sha256(whole), whole.length);
        expect(info).toMatchObject({ key, size: whole.length });
        expect(sha256(await read((await store.get(key)).stream))).toBe(sha256(whole));
        later.close();
      });

      test('can be completed again with the same answer when the first answer was lost', async () => {
        const id = await store.createUpload(freshKey());
        await putAll(id);
        const first = await store.complete(id, sha256(whole), whole.length);
        expect(await store.complete(id, sha256(whole), whole.length)).toEqual(first);
      });

      test('can be completed by twenty callers at once, who all get the same answer', async () => {
        const id = await store.createUpload(freshKey());
        await putAll(id);
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => store.complete(id, sha256(whole), whole.length)),
        );
        for (const answer of answers) expect(answer).toEqual(answers[0]);
      });

      test('takes the last of two parts of one number', async () => {
        const id = await store.createUpload(freshKey());
        await putPart(id, 1, randomBytes(500));
        await sleep(1_100); // S3 dates parts in whole seconds
        await putPart(id, 1, parts[2]!);
        await putPart(id, 1, parts[2]!);
        expect(await store.listParts(id)).toEqual([{ partNumber: 1, size: parts[2]!.length }]);
        await store.complete(id, sha256(parts[2]!), parts[2]!.length);
      });

      test('refuses a part that is not that of its digest', async () => {
        const id = await store.createUpload(freshKey());
        const putting = store.putPart(id, 1, parts[2]!, NO_SHA);
        await expect(putting).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
        expect(await store.listParts(id)).toEqual([]);
      });

      test('leaves no object when the digest of the whole differs', async () => {
        const key = freshKey();
        const id = await store.createUpload(key);
        await putAll(id);
        const completing = store.complete(id, NO_SHA, whole.length);
        await expect(completing).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
        expect(await store.head(key)).toBeUndefined();
      });

      test('is refused with a gap, without parts, or with another size', async () => {
        const key = freshKey();
        const id = await store.createUpload(key);
        const complete = (size: number) => store.complete(id, sha256(whole), size);
        await expect(complete(0)).rejects.toMatchObject({ code: 'PART_MISSING' });
        await putPart(id, 1, parts[0]!);
        await putPart(id, 3, parts[2]!);
        await expect(complete(PART_BYTES + 1_234)).rejects.toMatchObject({ code: 'PART_MISSING' });
        await putPart(id, 2, parts[1]!);
        await expect(complete(whole.length - 1)).rejects.toMatchObject({ code: 'PART_MISSING' });
        await complete(whole.length);
      });

      test.each([
        [PART_BYTES_MIN - 1, 'PART_INVALID'],
        [PART_BYTES_MIN, undefined],
      ])('with a first part of %i bytes gives %s', async (size, code) => {
        const bytes = [randomBytes(size), randomBytes(10)];
        const id = await store.createUpload(freshKey());
        await putPart(id, 1, bytes[0]!);
        await putPart(id, 2, bytes[1]!);
        const completing = store.complete(id, sha256(Buffer.concat(bytes)), size + 10);
        if (code) await expect(completing).rejects.toMatchObject({ code });
        else await completing;
      });

      test.each([0, 10_001, 1.5, -1])('refuses part number %d', async (number) => {
        const id = await store.createUpload(freshKey());
        await expect(putPart(id, number, film)).rejects.toMatchObject({ code: 'PART_INVALID' });
      });

      test('never replaces an object that came first', async () => {
        const key = freshKey();
        const id = await store.createUpload(key);
        await putAll(id);
        await put(key, film);
        await expect(store.createUpload(key)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
        const completing = store.complete(id, sha256(whole), whole.length);
        await expect(completing).rejects.toMatchObject({ code: 'KEY_EXISTS' });
        expect((await store.head(key))?.size).toBe(film.length);
      });

      test('that was aborted is gone, and aborting it twice is fine', async () => {
        const id = await store.createUpload(freshKey());
        await putAll(id);
        await store.abort(id);
        await store.abort(id);
        const isGone = { code: 'UPLOAD_NOT_FOUND' };
        await expect(store.listParts(id)).rejects.toMatchObject(isGone);
        await expect(putPart(id, 1, film)).rejects.toMatchObject(isGone);
        await expect(store.complete(id, sha256(whole), whole.length)).rejects.toMatchObject(isGone);
      });

      test('that is joined meanwhile is there or not found, whatever else is asked of it', async () => {
        const outcomes = new Set<string>();
        const note = (call: Promise<unknown>) => call.catch((error) => outcomes.add(error.code));
        for (let i = 0; i < 20; i++) {
          const id = await store.createUpload(freshKey());
          await putPart(id, 1, parts[2]!);
          const joining = store.complete(id, sha256(parts[2]!), parts[2]!.length);
          const others: Promise<unknown>[] = [];
          for (let k = 0; k < 12; k++) {
            others.push(note(store.listParts(id)), note(putPart(id, 1, parts[2]!)));
            await sleep(1);
          }
          await joining;
          await Promise.all(others);
        }
        outcomes.delete('UPLOAD_NOT_FOUND');
        expect([...outcomes]).toEqual([]);
      });

      test('of an invented id is not found', async () => {
        for (const id of ['', 'x', '../../etc', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.Li4.`]) {
          await expect(store.listParts(id)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
        }
      });
    });
  });
}
