import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FrameChoice } from '../film-header.ts';
import { encodeJpegLs } from '../fixtures/encode-in-wasm.ts';
import { filmElements, SYNTAX, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { readFilm } from '../read-film.ts';
import { type WriteValue, writeDicom } from '../write/write-dicom.ts';

const [rows, columns] = [130, 140];
const frames = [0, 1, 2, 3].map((i) =>
  toBytes(
    testPixels(rows, columns, 12).map((value) => value >> i),
    16,
  ),
);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function read(pixelData: WriteValue, frame: FrameChoice | undefined, syntax?: string) {
  const change = { 2621448: { tag: 0x00280008, vr: 'IS', value: '4' } };
  const elements = filmElements({ rows, columns, pixelData, change, pixelVr: syntax ? 'OB' : 'OW' });
  return readFilm(writeDicom(elements, syntax), { frame });
}

const compressed = () => Promise.all(frames.map((bytes) => encodeJpegLs({ rows, columns, bits: 12, bytes })));

describe('of a film with four frames', () => {
  it.each([
    ['first', 0],
    ['middle', 1],
    [4, 3],
  ] as const)(
    'the frame %s is taken, from plain pixels and from a fragment for each',
    async (frame, index) => {
      const expected = { ok: true, pixelSha256: sha256(frames[index]!) };
      expect(await read(Buffer.concat(frames), frame)).toMatchObject(expected);
      expect(await read({ fragments: await compressed() }, frame, SYNTAX.jpegLs)).toMatchObject(expected);
    },
  );

  it('none is taken that is not there, or not asked for', async () => {
    for (const frame of [undefined, 0, 5, 1.5])
      expect(await read(Buffer.concat(frames), frame)).toMatchObject({ code: 'MULTI_FRAME' });
  });

  it('none is taken when fragments and offset table do not tell them apart', async () => {
    const [first, ...rest] = await compressed();
    const halves = [first!.slice(0, 100), first!.slice(100), ...rest];
    expect(await read({ fragments: halves }, 'first', SYNTAX.jpegLs)).toMatchObject({ code: 'MULTI_FRAME' });
  });
});
