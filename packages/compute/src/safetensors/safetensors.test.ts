import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../index.ts';

/** A file with any header text and data, right or wrong. */
function file(header: string | object, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const entry = (shape: unknown, begin: unknown, end: unknown, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const refused = (code: string) => expect.objectContaining({ name: 'ComputeError', code });

describe('writeSafetensors', () => {
  it('is read back as it was, metadata left out', () => {
    const tensors = {
      'b.weight': { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3e-30) },
      a: { shape: [], data: Float32Array.of(7) },
      '10': { shape: [0, 3], data: new Float32Array() },
      'größe "x"': { shape: [1], data: Float32Array.of(-0) },
    };
    const read = readSafetensors(writeSafetensors(tensors, { step: '12' }));
    expect([...read.keys()]).toEqual(['10', 'a', 'b.weight', 'größe "x"']);
    for (const [name, { shape, data }] of Object.entries(tensors))
      expect(read.get(name)).toEqual({ dtype: 'F32', shape, data });
  });

  it('gives the same bytes for the same tensors in any order', () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [2], data: Float32Array.of(2, 3) };
    expect(writeSafetensors({ a, b }, { x: '1', y: '2' })).toEqual(
      writeSafetensors({ b, a }, { y: '2', x: '1' }),
    );
  });

  it('aligns its data to 8 bytes', () => {
    for (let length = 1; length < 9; length++) {
      const bytes = writeSafetensors({ ['n'.repeat(length)]: { shape: [1], data: Float32Array.of(1) } });
      expect((bytes.length - 4) % 8).toBe(0);
    }
  });

  it('refuses data that does not fill its shape', () => {
    expect(() => writeSafetensors({ a: { shape: [3], data: new Float32Array(2) } })).toThrow(
      /a has 2 values.*needs 3/,
    );
  });
});

describe('readSafetensors', () => {
  it('widens F16 and BF16 to float32', () => {
    const halves = Uint8Array.from([0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b, 0x00, 0x80]); // 1, -2, 2^-24, 65504, -0
    const f16 = readSafetensors(file({ h: entry([5], 0, 10, 'F16') }, halves)).get('h')!;
    expect([f16.dtype, ...f16.data]).toEqual(['F16', 1, -2, 2 ** -24, 65504, -0]);
    const bf16 = readSafetensors(
      file({ h: entry([2], 0, 4, 'BF16') }, Uint8Array.from([0x80, 0x3f, 0x49, 0xc0])),
    ).get('h')!;
    expect([bf16.dtype, ...bf16.data]).toEqual(['BF16', 1, -3.140625]);
  });

  it('reads a file that lies at an odd offset in its buffer', () => {
    const bytes = writeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } });
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect([...readSafetensors(shifted.subarray(1)).get('a')!.data]).toEqual([1, 2]);
  });

  it('accepts exactly the expected names and shapes', () => {
    const bytes = writeSafetensors({ a: { shape: [1, 2], data: Float32Array.of(1, 2) } });
    expect(readSafetensors(bytes, { a: [1, 2] }).size).toBe(1);
    expect(() => readSafetensors(bytes, { a: [2, 1] })).toThrow(refused('SHAPE_UNEXPECTED'));
    expect(() => readSafetensors(bytes, { a: [1, 2, 1] })).toThrow(refused('SHAPE_UNEXPECTED'));
    expect(() => readSafetensors(bytes, {})).toThrow(refused('NAMES_UNEXPECTED'));
    expect(() => readSafetensors(bytes, { a: [1, 2], b: [1] })).toThrow(refused('NAMES_UNEXPECTED'));
    expect(() => readSafetensors(bytes, { a: [1, 2], toString: [1] })).toThrow(/missing: toString/);
  });

  it('accepts a header of exactly 1 MiB and refuses one byte more', () => {
    const padded = (size: number) => file('{}'.padEnd(size, ' '));
    expect(readSafetensors(padded(1 << 20)).size).toBe(0);
    expect(() => readSafetensors(padded((1 << 20) + 1))).toThrow(refused('HEADER_TOO_LARGE'));
  });

  it.each<[string, string, Uint8Array]>([
    ['a file shorter than the header length', 'TOO_SHORT', new Uint8Array(7)],
    ['a file that ends inside its header', 'TOO_SHORT', file('{"a":1}').subarray(0, 10)],
    ['a header length beyond 2^63', 'HEADER_TOO_LARGE', new Uint8Array(8).fill(0xff)],
    ['a header that is not JSON', 'HEADER_NOT_JSON', file('{"a":}')],
    [
      'a header that is not UTF-8',
      'HEADER_NOT_JSON',
      file(Buffer.from([0x22, 0xff, 0x22]).toString('latin1')).map((b, i) => (i === 9 ? 0xff : b)),
    ],
    ['a header that is not an object', 'HEADER_MALFORMED', file('[]')],
    [
      'a repeated name',
      'DUPLICATE_KEY',
      file(`{"a":${JSON.stringify(entry([1], 0, 4))},"a":${JSON.stringify(entry([1], 0, 4))}}`, floats(1)),
    ],
    [
      'a repeated name written with an escape',
      'DUPLICATE_KEY',
      file(
        `{"a":${JSON.stringify(entry([1], 0, 4))},"\\u0061":${JSON.stringify(entry([1], 0, 4))}}`,
        floats(1),
      ),
    ],
    ['a repeated __metadata__', 'DUPLICATE_KEY', file('{"__metadata__":{},"__metadata__":{}}')],
    [
      'offsets that are told twice',
      'DUPLICATE_KEY',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8],"data_offsets":[0,4]},' +
          '"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[4,8]}}',
        floats(1, 2),
      ),
    ],
    [
      'a repeated entry of the metadata',
      'DUPLICATE_KEY',
      file('{"__metadata__":{"synspine":"{}","synspine":""}}'),
    ],
    ['a tensor that is not an object', 'HEADER_MALFORMED', file({ a: 1 })],
    [
      'an unknown key in a tensor',
      'HEADER_MALFORMED',
      file({ a: { ...entry([1], 0, 4), extra: 1 } }, floats(1)),
    ],
    ['a missing key in a tensor', 'HEADER_MALFORMED', file({ a: { dtype: 'F32', shape: [1] } }, floats(1))],
    ['metadata that is not text', 'HEADER_MALFORMED', file({ __metadata__: { step: 1 } })],
    ['an integer dtype', 'DTYPE_UNSUPPORTED', file({ a: entry([1], 0, 4, 'I32') }, floats(1))],
    ['float64', 'DTYPE_UNSUPPORTED', file({ a: entry([1], 0, 8, 'F64') }, new Uint8Array(8))],
    ['a negative size', 'SHAPE_INVALID', file({ a: entry([-1], 0, 4) }, floats(1))],
    ['a fractional size', 'SHAPE_INVALID', file({ a: entry([0.5], 0, 4) }, floats(1))],
    ['a shape that is no list', 'SHAPE_INVALID', file({ a: entry('1', 0, 4) }, floats(1))],
    [
      'a shape whose product overflows',
      'SHAPE_OVERFLOW',
      file({ a: entry([2 ** 32, 2 ** 32], 0, 4) }, floats(1)),
    ],
    [
      'a shape whose product overflows before a zero',
      'SHAPE_OVERFLOW',
      file({ a: entry([2 ** 50, 2 ** 50, 0], 0, 0) }),
    ],
    ['offsets that are not numbers', 'OFFSETS_INVALID', file({ a: entry([1], '0', 4) }, floats(1))],
    [
      'three offsets',
      'OFFSETS_INVALID',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, floats(1)),
    ],
    ['offsets that run backwards', 'SIZE_MISMATCH', file({ a: entry([1], 4, 0) }, floats(1))],
    ['offsets that do not span the shape', 'SIZE_MISMATCH', file({ a: entry([2], 0, 4) }, floats(1))],
    ['a gap before the first tensor', 'OFFSETS_INVALID', file({ a: entry([1], 4, 8) }, floats(0, 1))],
    [
      'a gap between tensors',
      'OFFSETS_INVALID',
      file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, floats(1, 2, 3)),
    ],
    ['overlapping tensors', 'OFFSETS_INVALID', file({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, floats(1))],
    [
      'tensors out of order',
      'OFFSETS_INVALID',
      file({ a: entry([1], 4, 8), b: entry([1], 0, 4) }, floats(1, 2)),
    ],
    ['bytes after the last tensor', 'LENGTH_MISMATCH', file({ a: entry([1], 0, 4) }, floats(1, 2))],
    ['a file cut short in its data', 'LENGTH_MISMATCH', file({ a: entry([2], 0, 8) }, floats(1))],
    ['NaN', 'NOT_FINITE', file({ a: entry([2], 0, 8) }, floats(1, Number.NaN))],
    ['infinity', 'NOT_FINITE', file({ a: entry([1], 0, 4) }, floats(Number.NEGATIVE_INFINITY))],
    ['infinity in F16', 'NOT_FINITE', file({ a: entry([1], 0, 2, 'F16') }, Uint8Array.from([0x00, 0x7c]))],
    ['NaN in BF16', 'NOT_FINITE', file({ a: entry([1], 0, 2, 'BF16') }, Uint8Array.from([0xc0, 0x7f]))],
  ])('refuses %s', (_, code, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(refused(code));
  });

  it('keeps a tensor named __proto__ a tensor', () => {
    const bytes = file(`{"__proto__":${JSON.stringify(entry([1], 0, 4))}}`, floats(3));
    expect([...readSafetensors(bytes).get('__proto__')!.data]).toEqual([3]);
    expect(() => readSafetensors(bytes, {})).toThrow(refused('NAMES_UNEXPECTED'));
  });
});
