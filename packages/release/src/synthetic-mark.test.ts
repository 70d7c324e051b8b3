import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { markSynthetic } from './synthetic-mark.ts';

const READER = fileURLToPath(new URL('./read-marked.fixture.py', import.meta.url));

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const crc = Buffer.alloc(4); // the reader looks at the CRC of what is kept: made right there
  crc.writeUInt32BE(pythonCrc(Buffer.concat([Buffer.from(type), data])));
  return Buffer.concat([length, Buffer.from(type), data, crc]);
}
function pythonCrc(bytes: Uint8Array): number {
  const program = 'import sys,zlib;print(zlib.crc32(sys.stdin.buffer.read()))';
  return Number(execFileSync('python3', ['-c', program], { input: bytes }).toString());
}

/** A gray PNG of 3 × 2 with whatever ancillary chunks. */
function png(...ancillary: [string, string][]): Buffer {
  const header = Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...ancillary.map(([type, text]) => chunk(type, Buffer.from(text))),
    chunk('IDAT', deflateSync(Buffer.from([0, 1, 2, 3, 0, 4, 5, 6]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** What Python's zlib and XML parser read of it. */
function readWithPython(bytes: Uint8Array) {
  const folder = mkdtempSync(join(tmpdir(), 'marked-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'image.png');
  writeFileSync(path, bytes);
  return JSON.parse(execFileSync('python3', [READER, path]).toString())[0];
}

it('says in XMP that an image is synthetic, as another reader finds it, and keeps its pixels', () => {
  expect(readWithPython(markSynthetic(png()))).toEqual({
    chunks: ['IHDR', 'iTXt', 'IDAT', 'IEND'],
    keyword: 'XML:com.adobe.xmp',
    language: '',
    source: ['http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia'],
    pixels: 8,
  });
});

it('leaves out every other ancillary chunk, and an earlier mark', () => {
  const once = markSynthetic(png(['tEXt', 'Comment\0ZZCANARY'], ['pHYs', '123456789'], ['tIME', '1234567']));
  expect(Buffer.from(once).includes('ZZCANARY')).toBe(false);
  expect(once).toEqual(markSynthetic(png()));
  expect(markSynthetic(once)).toEqual(once);
});

it('takes little room', () => {
  expect(markSynthetic(png()).length - png().length).toBeLessThan(550);
});
