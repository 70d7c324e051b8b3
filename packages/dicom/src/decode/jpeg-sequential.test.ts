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

async function decode(bytes: Uint8Array, syntax: string = SYNTAX.jpegExtended, height = rows) {
  const pixelData = { fragments: [bytes] };
  const file = await readPart10(
    writeDicom(filmElements({ rows: height, columns, pixelData, pixelVr: 'OB' }), syntax),
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

  it('is refused at once when it holds millions of restart markers', async () => {
    const markers = Buffer.alloc(8_000_000, Buffer.from([0xff, 0xd0]));
    const flooded = Buffer.concat([stream.subarray(0, -2), markers, Buffer.from([0xff, 0xd9])]);
    const begin = process.cpuUsage();
    expect(isRefusal(await decode(flooded))).toBe(false); // what comes after the last block is not read
    const emptied = Buffer.concat([stream.subarray(0, 700), markers, Buffer.from([0xff, 0xd9])]);
    expect(await decode(emptied)).toMatchObject({ code: 'DECODE_FAILED' });
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(2000);
  });

  it('is read with restart markers, and refused when an interval is missing', async () => {
    // The same blocks twice, one above the other: 20 of them fill 32 rows.
    const [frame, scan] = [0xc1, 0xda].map((marker) => stream.indexOf(Buffer.from([0xff, marker])));
    const header = Buffer.from(stream.subarray(0, scan! + 10));
    header.writeUInt16BE(64, frame! + 5);
    const interval = Buffer.from([0xff, 0xdd, 0, 4, 0, 20]);
    const [start, data] = [header.subarray(0, scan), stream.subarray(scan! + 10, -2)];
    const twice = (...between: number[]) =>
      Buffer.concat([
        start,
        interval,
        header.subarray(scan),
        data,
        Buffer.from(between),
        data,
        stream.subarray(-2),
      ]);
    const pixels = await decode(twice(0xff, 0xd0), SYNTAX.jpegExtended, 64);
    if (isRefusal(pixels)) throw new Error(pixels.code);
    const half = 32 * columns;
    expect(pixels.slice(half)).toEqual(pixels.slice(0, half));
    expect(await decode(twice(), SYNTAX.jpegExtended, 64)).toMatchObject({ code: 'DECODE_FAILED' });
  });

  it('is refused where its frame header is that of the baseline process', async () => {
    const changed = Buffer.from(stream);
    changed[changed.indexOf(Buffer.from([0xff, 0xc1])) + 1] = 0xc0;
    expect(await decode(changed)).toMatchObject({ code: 'UNSUPPORTED_TRANSFER_SYNTAX' });
  });
});
