import { crc32, deflateRawSync } from 'node:zlib';

export type ZipEntry = {
  name: string;
  content: Buffer;
  /** What the directory says instead of the truth. */
  uncompressedSize?: number;
  encrypted?: boolean;
};

/** A ZIP (APPNOTE 6.3.10) whose directory may lie. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const data = deflateRawSync(entry.content);
    const fields = describe(entry, data);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, lengths(name), name, data]);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(at, 10);
    const madeBy = Buffer.from([20, 0]);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), madeBy, fields, lengths(name), offset, name);
    files.push(local);
    at += local.length;
  }
  return Buffer.concat([...files, ...directory, endOf(entries.length, at, Buffer.concat(directory).length)]);
}

/** Version, flags, deflate, time, CRC-32, sizes: the same in both headers. */
function describe({ content, uncompressedSize, encrypted }: ZipEntry, data: Buffer): Buffer {
  const fields = Buffer.alloc(22);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(encrypted ? 1 : 0, 2);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(data.length, 14);
  fields.writeUInt32LE(uncompressedSize ?? content.length, 18);
  return fields;
}

function lengths(name: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(name.length);
  return bytes;
}

function endOf(count: number, at: number, bytes: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(at, 16);
  return end;
}
