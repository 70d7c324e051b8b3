import { encodeShard, type ShardImage } from '@synspine/release';
import { expect, it } from 'vitest';
import { readShardStrictly } from './read-shard.ts';

const classNames = ['normal', 'abnormal'];
const rows = (count: number, bytes: number): ShardImage[] =>
  Array.from({ length: count }, (_, index) => ({
    png: Uint8Array.from({ length: bytes }, (_, at) => (at * at * (index + 3)) % 251),
    label: classNames[index % 2]!,
    index,
  }));

it.each([
  ['of one page a column', 40, 500],
  ['whose images fill several pages, which gives them an index', 120, 20_000],
  ['of two row groups, the first larger than a page', 1_300, 1_200],
])(
  'takes a shard %s',
  async (_, count, bytes) => {
    const shard = encodeShard(rows(count, bytes), classNames);
    const read = await readShardStrictly(shard, { classNames }, count);
    expect(read.map(({ index, png }) => [index, png.length])).toEqual(
      Array.from({ length: count }, (_, index) => [index, bytes]),
    );
  },
  60_000,
);

it('refuses a byte more, or another one, in the index of pages', async () => {
  const shard = encodeShard(rows(120, 20_000), classNames);
  const metadataBytes = new DataView(shard.buffer, shard.byteOffset).getUint32(shard.length - 8, true);
  const end = shard.length - 8 - metadataBytes; // of the index, where the file's metadata begins
  const longer = new Uint8Array([...shard.subarray(0, end), 0, ...shard.subarray(end)]);
  const other = shard.slice();
  other[end - 2]! ^= 1;
  for (const changed of [longer, other])
    await expect(readShardStrictly(changed, { classNames }, 120)).rejects.toMatchObject({
      code: 'CONTENT_PARQUET_SCHEMA',
    });
}, 60_000);
