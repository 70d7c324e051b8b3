import { expect, it } from 'vitest';
import { readHeader, SAFETENSORS_HEAD_BYTES_MAX } from './index.ts';

/** A file's beginning with any header text. */
function head(text: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text)]);
}
const tensor = (begin: number, end: number) =>
  `{"dtype":"F32","shape":[${(end - begin) / 4}],"data_offsets":[${begin},${end}]}`;

it('tells a file’s tensors from its beginning and its size alone', () => {
  const bytes = head(`{"a":${tensor(0, 8)},"b":${tensor(8, 12)}}`);
  const { entries, dataStart } = readHeader(bytes, bytes.length + 12);
  expect(dataStart).toBe(bytes.length);
  expect(entries.map(({ name, begin, end }) => [name, begin, end])).toEqual([
    ['a', 0, 8],
    ['b', 8, 12],
  ]);
});

it.each([
  ['one byte more than it describes', `{"a":${tensor(0, 8)}}`, 9, 'LENGTH_MISMATCH'],
  ['one byte fewer', `{"a":${tensor(0, 8)}}`, 7, 'LENGTH_MISMATCH'],
  ['a gap between tensors', `{"a":${tensor(0, 8)},"b":${tensor(12, 16)}}`, 16, 'OFFSETS_INVALID'],
  ['tensors out of order', `{"b":${tensor(8, 12)},"a":${tensor(0, 8)}}`, 12, 'OFFSETS_INVALID'],
  ['a key named twice', `{"a":${tensor(0, 8)},"a":${tensor(8, 16)}}`, 16, 'DUPLICATE_KEY'],
  ['another dtype', '{"a":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}}', 8, 'DTYPE_UNSUPPORTED'],
  ['text that is no JSON', '{"a"', 0, 'HEADER_NOT_JSON'],
])('refuses a file with %s', (_, text, dataBytes, code) => {
  const bytes = head(text);
  expect(() => readHeader(bytes, bytes.length + dataBytes)).toThrow(expect.objectContaining({ code }));
});

it('refuses a header that claims more than 1 MiB before it looks at it', () => {
  const bytes = head('{}');
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, BigInt(SAFETENSORS_HEAD_BYTES_MAX), true);
  expect(() => readHeader(bytes, 2 ** 31)).toThrow(expect.objectContaining({ code: 'HEADER_TOO_LARGE' }));
});
