import { join } from 'node:path';
import { ProblemError, type ReleaseFile } from '@synspine/protocol';
import { type KeyValue, parquetMetadata, parquetReadObjects, type SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { z } from 'zod';
import { writeFileAtomic } from './write-file-atomic.ts';

/** One synthetic image: an encoded PNG, its class and its number in the release (`sample(seed, index, label)`). */
export type ShardImage = { png: Uint8Array; label: string; index: number };

export type WriteShardsOptions = {
  images: Iterable<ShardImage> | AsyncIterable<ShardImage>;
  /** Every class, in the manifest's order; a label is stored as its number. */
  classNames: readonly string[];
  dir: string;
  /** Images a shard; 2,000 PNGs of 64 px are about 5 MB. */
  rowsPerShard: number;
};

// The layout of the Hugging Face `datasets` Image feature. `label` must be OPTIONAL, or `datasets` drops ClassLabel.
const SCHEMA: SchemaElement[] = [
  { name: 'schema', num_children: 3 },
  { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
  { name: 'index', type: 'INT64', repetition_type: 'OPTIONAL' },
];

/**
 * Writes images as Parquet shards (`images-00000.parquet`, …) that `datasets.load_dataset('parquet', …)` opens with
 * images and class names. Same images, same bytes. Returns the files as the manifest lists them.
 * Throws `VALIDATION_FAILED` for a label that is no class.
 */
export async function writeShards(options: WriteShardsOptions): Promise<ReleaseFile[]> {
  const files: ReleaseFile[] = [];
  let rows: ShardImage[] = [];
  const flush = async () => {
    if (rows.length === 0) return;
    const bytes = encodeShard(rows, options.classNames);
    const name = `images-${String(files.length).padStart(5, '0')}.parquet`;
    const sha256 = await writeFileAtomic(join(options.dir, name), bytes);
    files.push({ name, kind: 'images', size: bytes.length, sha256 });
    rows = [];
  };
  for await (const image of options.images) {
    rows.push(image);
    if (rows.length >= options.rowsPerShard) await flush();
  }
  await flush();
  return files;
}

/** The bytes of a shard. Same rows, same bytes: so a reader can tell that a file holds its rows and nothing else. */
export function encodeShard(rows: readonly ShardImage[], classNames: readonly string[]): Uint8Array {
  const columnData = [
    { name: 'image', data: rows.map((r) => ({ bytes: r.png, path: `${pathOf(r)}.png` })) },
    { name: 'label', data: rows.map((r) => BigInt(classNumber(r.label, classNames))) },
    { name: 'index', data: rows.map((r) => BigInt(r.index)) },
  ];
  const buffer = parquetWriteBuffer({
    columnData,
    schema: SCHEMA,
    codec: 'UNCOMPRESSED', // PNGs don't shrink
    statistics: false,
    createdBy: 'synspine',
    rowGroupSize: 1_000,
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify(featuresOf(classNames)) }],
  });
  return new Uint8Array(buffer);
}

const pathOf = (row: ShardImage) => String(row.index).padStart(7, '0');

function classNumber(label: string, classNames: readonly string[]): number {
  const number = classNames.indexOf(label);
  if (number < 0) throw new ProblemError('VALIDATION_FAILED', 'an image’s label is none of classNames');
  return number;
}

function featuresOf(names: readonly string[]) {
  const features = {
    image: { _type: 'Image' },
    label: { names, _type: 'ClassLabel' },
    index: { dtype: 'int64', _type: 'Value' },
  };
  return { info: { features } };
}

const MAGIC = [0x50, 0x41, 0x52, 0x31]; // "PAR1"
const huggingface = z.object({
  info: z.object({ features: z.object({ label: z.object({ names: z.array(z.string()).min(1) }) }) }),
});
const shardRow = z.object({
  image: z.object({ bytes: z.instanceof(Uint8Array) }),
  label: z.bigint(),
  index: z.bigint(),
});

/**
 * Reads a shard that {@link writeShards} wrote; verify the file's hash first. Throws `VALIDATION_FAILED` for bytes
 * that are no such shard.
 */
export async function readShard(bytes: Uint8Array): Promise<{ classNames: string[]; images: ShardImage[] }> {
  if (!MAGIC.every((byte, i) => bytes[i] === byte))
    throw new ProblemError('VALIDATION_FAILED', 'not a Parquet file');
  try {
    const file = new Uint8Array(bytes).buffer; // a copy of its own: a Buffer is often a window on a pool
    const classNames = classNamesOf(parquetMetadata(file).key_value_metadata);
    const rows = await parquetReadObjects({ file, utf8: false });
    return { classNames, images: rows.map((row) => imageOf(row, classNames)) };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('VALIDATION_FAILED', 'not an image shard');
  }
}

function classNamesOf(metadata: KeyValue[] | undefined): string[] {
  const text = metadata?.find((entry) => entry.key === 'huggingface')?.value;
  return huggingface.parse(JSON.parse(text ?? 'null')).info.features.label.names;
}

function imageOf(row: unknown, classNames: readonly string[]): ShardImage {
  const { image, label, index } = shardRow.parse(row);
  const name = classNames[Number(label)];
  if (name === undefined) throw new ProblemError('VALIDATION_FAILED', 'a label lies outside the class names');
  return { png: image.bytes, label: name, index: Number(index) };
}
