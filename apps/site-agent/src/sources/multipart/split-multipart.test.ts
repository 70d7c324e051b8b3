import { describe, expect, it } from 'vitest';
import { findBoundary, MultipartError, splitMultipart } from './split-multipart.ts';

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function split(text: string, size = 7, boundary = 'edge') {
  const parts: { headers: Record<string, string>; content: string }[] = [];
  for await (const { headers, content } of splitMultipart(
    chunks(Buffer.from(text, 'latin1'), size),
    boundary,
  )) {
    let read = '';
    for await (const bytes of content) read += bytes.toString('latin1');
    parts.push({ headers: Object.fromEntries(headers), content: read });
  }
  return parts;
}

const BODY = [
  'preamble\r\n--edge  \r\nContent-Type: application/dicom\r\nX-Long: a\r\n b\r\n\r\n',
  'one\r\n--edg\r\n-\r\n\r\n--edge\r\n\r\n\r\n--edge--\r\nepilogue',
].join('');

describe('splitMultipart', () => {
  it.each([1, 2, 3, 5, 7, 64, 1_000])(
    'finds the same parts however the bytes come (%i at a time)',
    async (size) => {
      expect(await split(BODY, size)).toEqual([
        {
          headers: { 'content-type': 'application/dicom', 'x-long': 'a b' },
          content: 'one\r\n--edg\r\n-\r\n',
        },
        { headers: {}, content: '' },
      ]);
    },
  );

  it('goes to the next part when the caller leaves one unread or stops in the middle', async () => {
    const text = `--edge\r\n\r\n${'a'.repeat(50)}\r\n--edge\r\n\r\n${'b'.repeat(50)}\r\n--edge\r\n\r\nc\r\n--edge--`;
    const first: string[] = [];
    for await (const { content } of splitMultipart(chunks(Buffer.from(text), 20), 'edge')) {
      if (first.length === 1) first.push('left');
      else
        for await (const bytes of content) {
          first.push(bytes.toString().slice(0, 1));
          break;
        }
    }
    expect(first).toEqual(['a', 'left', 'c']);
  });

  it.each([
    ['nothing', ''],
    ['no boundary', 'some text'],
    ['an end in the middle of a part', '--edge\r\n\r\nabc'],
    ['an end right after a boundary', '--edge'],
    ['text after a boundary', '--edgemore\r\n\r\nabc\r\n--edge--'],
    ['a header without a name', '--edge\r\n: x\r\n\r\nabc\r\n--edge--'],
    ['endless headers', `--edge\r\nx: ${'y'.repeat(9_000)}\r\n\r\nabc\r\n--edge--`],
  ])('refuses %s', async (_, text) => {
    await expect(split(text)).rejects.toBeInstanceOf(MultipartError);
  });

  it('holds no more than a chunk of a part of any size', async () => {
    const largest = { bytes: 0, total: 0 };
    async function* large() {
      yield Buffer.from('--edge\r\n\r\n');
      for (let i = 0; i < 2_000; i++) yield Buffer.alloc(65_536, 'x');
      yield Buffer.from('\r\n--edge--');
    }
    for await (const { content } of splitMultipart(large(), 'edge'))
      for await (const bytes of content) {
        largest.bytes = Math.max(largest.bytes, bytes.length);
        largest.total += bytes.length;
      }
    expect(largest.total).toBe(2_000 * 65_536);
    expect(largest.bytes).toBeLessThanOrEqual(65_536 + 16);
  });

  it('ends 5,000 damaged bodies with parts or a MultipartError', async () => {
    let state = 1;
    const random = (limit: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * limit);
    };
    const ends = new Set<string>();
    for (let i = 0; i < 5_000; i++) {
      const bytes = Buffer.from(BODY);
      for (let n = random(4); n >= 0; n--)
        bytes[random(bytes.length)] = [0, 13, 10, 45, 101, 255][random(6)]!;
      const end = await split(
        bytes.subarray(0, 1 + random(bytes.length)).toString('latin1'),
        1 + random(40),
      ).catch((error) => error);
      ends.add(Array.isArray(end) ? 'parts' : end.constructor.name);
    }
    expect([...ends].sort()).toEqual(['MultipartError', 'parts']);
  });
});

describe('findBoundary', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=abc', 'abc'],
    ['Multipart/Related;boundary="a b c"; type=application/dicom', 'a b c'],
    ['multipart/form-data; boundary=abc', null],
    ['application/dicom', null],
    ['multipart/related', null],
    [`multipart/related; boundary=${'x'.repeat(73)}`, 'x'.repeat(73)],
    [`multipart/related; boundary=${'x'.repeat(201)}`, null],
  ])('of %s is %s', (type, boundary) => expect(findBoundary(type)).toBe(boundary));
});
