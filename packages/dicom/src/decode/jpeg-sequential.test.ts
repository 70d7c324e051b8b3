import { describe, expect, it } from 'vitest';
import { readPart10 } from '../dataset/read-part10.ts';
import { readPixelFormat } from '../film-header.ts';
import { filmElements, SYNTAX } from '../fixtures/film-elements.ts';
import { JPEG_12_BIT } from '../fixtures/jpeg-12-bit.ts';
import { isRefusal } from '../refusals.ts';
import { writeDicom } from '../write/write-dicom.ts';
import { decodePixels } from './decode-pixels.ts';

const { rows, columns, stream, samples } = JPEG_12_BIT;
const expected = new Uint16Array(new Uint8Array(samples).buffer);

async function decode(bytes: Uint8Array, syntax: string = SYNTAX.jpegExtended) {
  const pixelData = { fragments: [bytes] };
  const file = await readPart10(
    writeDicom(filmElements({ rows, columns, pixelData, pixelVr: 'OB' }), syntax),
  );
  if (isRefusal(file)) throw new Error(file.code);
  const format = readPixelFormat(file);
  return isRefusal(format) ? format : decodePixels(file, format);
}

describe('a film in 12-bit JPEG', () => {
  it('is decoded to within one level of libjpeg-turbo, both ends of the range included', async () => {
    const pixels = await decode(stream);
    if (isRefusal(pixels)) throw new Error(pixels.code);
    const errors = Array.from(pixels, (value, i) => Math.abs(value - expected[i]!));
    expect(pixels).toHaveLength(rows * columns);
    expect(Math.max(...errors)).toBeLessThanOrEqual(1);
    expect(errors.filter((error) => error > 0).length / errors.length).toBeLessThan(0.1);
    expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, 4095]);
  });

  it('is refused when it is cut anywhere, closed again or not', async () => {
    for (const share of [0.1, 0.5, 0.8, 0.97]) {
      const cut = stream.subarray(0, Math.floor(stream.length * share));
      const closed = Buffer.concat([cut, Buffer.from([0xff, 0xd9])]);
      for (const bytes of [cut, closed]) expect(await decode(bytes)).toMatchObject({ code: 'DECODE_FAILED' });
    }
  });

  it('never ends in anything but pixels or a code when a byte is changed', async () => {
    for (let at = 2; at < stream.length; at += 3) {
      const changed = Buffer.from(stream);
      changed[at] = changed[at]! ^ 0x55;
      const result = await decode(changed);
      expect(isRefusal(result) || result.length === rows * columns).toBe(true);
    }
  });

  it('is refused where its frame header is that of the baseline process', async () => {
    const changed = Buffer.from(stream);
    changed[changed.indexOf(Buffer.from([0xff, 0xc1])) + 1] = 0xc0;
    expect(await decode(changed)).toMatchObject({ code: 'UNSUPPORTED_TRANSFER_SYNTAX' });
  });
});
