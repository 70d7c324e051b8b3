import type { ReleaseManifest } from '@synspine/protocol';
import { encodeShard } from '@synspine/release';
import { type ColumnChunk, type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { z } from 'zod';
import { ContentFault, demand } from './content-fault.ts';

/** One row: an encoded image, its class's number, its number in the seed's sequence. */
export type Row = { png: Uint8Array; label: number; index: number };

/** Name, type and children of each element: an image of bytes and path, and two whole numbers. */
const SCHEMA = [
  ['schema', undefined, 3],
  ['image', undefined, 2],
  ['bytes', 'BYTE_ARRAY', undefined],
  ['path', 'BYTE_ARRAY', undefined],
  ['label', 'INT64', undefined],
  ['index', 'INT64', undefined],
];
const WRITER = 'synspine';
const FOOTER_BYTES = 8; // the metadata's length, and PAR1

const row = z.strictObject({
  image: z.strictObject({ bytes: z.instanceof(Uint8Array), path: z.string() }),
  label: z.bigint(),
  index: z.bigint(),
});

/**
 * Reads a shard that is nothing but the rows of a release: exactly its columns, uncompressed, its class names as the only
 * metadata, each path the row's own index, and no byte that these rows, written again, don't have. `rowsMax` is what the manifest
 * leaves for it. Throws ContentFault.
 */
export async function readShardStrictly(
  bytes: Uint8Array,
  manifest: Pick<ReleaseManifest, 'classNames'>,
  rowsMax: number,
): Promise<Row[]> {
  const file = new Uint8Array(bytes).buffer; // a copy of its own: a Buffer is often a window on a pool
  const metadata = attempt(() => parquetMetadata(file));
  checkSchema(metadata, manifest.classNames);
  checkExtent(metadata, bytes.length);
  demand(metadata.num_rows <= BigInt(rowsMax), 'CONTENT_ROW_COUNT');
  const rows = await parquetReadObjects({ file, metadata, utf8: false }).catch(() => []);
  demand(BigInt(rows.length) === metadata.num_rows, 'CONTENT_PARQUET_SCHEMA');
  const read = rows.map(readRow);
  demand(isNothingElse(bytes, read, manifest.classNames), 'CONTENT_PARQUET_SCHEMA');
  return read;
}

/** Parquet has many places that no reader shows: page headers, statistics, unknown fields. So the rows are written once more. */
function isNothingElse(bytes: Uint8Array, rows: readonly Row[], classNames: readonly string[]): boolean {
  const again = attempt(() =>
    encodeShard(
      rows.map(({ png, label, index }) => ({ png, label: classNames[label]!, index })),
      classNames,
    ),
  );
  return Buffer.compare(again, bytes) === 0;
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new ContentFault('CONTENT_PARQUET_SCHEMA');
  }
}

function checkSchema(metadata: FileMetaData, classNames: readonly string[]): void {
  const found = metadata.schema.map(({ name, type, num_children }) => [name, type, num_children]);
  const [features, ...others] = metadata.key_value_metadata ?? [];
  const expected = {
    info: {
      features: {
        image: { _type: 'Image' },
        label: { names: classNames, _type: 'ClassLabel' },
        index: { dtype: 'int64', _type: 'Value' },
      },
    },
  };
  const isOurs =
    JSON.stringify(found) === JSON.stringify(SCHEMA) &&
    metadata.created_by === WRITER &&
    others.length === 0 &&
    features?.key === 'huggingface' &&
    features.value === JSON.stringify(expected);
  demand(isOurs, 'CONTENT_PARQUET_SCHEMA');
}

/**
 * Every byte between the file's first four and its metadata belongs to a column of a row group or to its index of pages, once. The
 * writer adds an index where a column fills more than one page.
 */
function checkExtent({ row_groups, metadata_length }: FileMetaData, fileBytes: number): void {
  const extents = row_groups.flatMap((group) => group.columns.flatMap(extentsOf));
  let end = 4;
  for (const extent of extents.sort((a, b) => a.begin - b.begin)) {
    demand(extent.begin === end, 'CONTENT_PARQUET_SCHEMA');
    end = extent.end;
  }
  demand(end === fileBytes - metadata_length - FOOTER_BYTES, 'CONTENT_PARQUET_SCHEMA');
}

function extentsOf({ meta_data: column, ...index }: ColumnChunk): { begin: number; end: number }[] {
  demand(column?.codec === 'UNCOMPRESSED', 'CONTENT_PARQUET_SCHEMA');
  const begin = Number(column.dictionary_page_offset ?? column.data_page_offset);
  const pages = [index.offset_index_offset, index.column_index_offset].map(Number);
  const lengths = [index.offset_index_length, index.column_index_length];
  return [
    { begin, end: begin + Number(column.total_compressed_size) },
    ...pages.flatMap((at, i) => (lengths[i] ? [{ begin: at, end: at + lengths[i] }] : [])),
  ];
}

function readRow(value: unknown): Row {
  const parsed = row.safeParse(value);
  demand(parsed.success, 'CONTENT_PARQUET_SCHEMA');
  const { image, label, index } = parsed.data;
  const number = Number(index);
  demand(Number.isSafeInteger(number) && number >= 0, 'CONTENT_INDICES');
  const path = `${String(number).padStart(7, '0')}.png`;
  demand(image.path === path, 'CONTENT_PARQUET_SCHEMA');
  return { png: image.bytes, label: Number(label), index: number };
}
